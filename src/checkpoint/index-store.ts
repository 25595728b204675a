import { createHash } from 'node:crypto';
import type { KubeClient } from '../kube/client.ts';
import { createByName } from '../kube/create-by-name.ts';
import { KubeError } from '../kube/errors.ts';
import type { OwnerReference } from '../kube/owner-reference.ts';
import type { ObjectHead } from '../watch/change.ts';
import { amended, type Delta } from './delta.ts';
import { type ReadShard, type Shard, unpackShard } from './packing.ts';
import { isShardCount, join } from './sharding.ts';

/** The stored index: ConfigMaps named `<name>-index-0`, `-1`, ... */
export interface IndexStore {
  /** @param delta what became of objects since it was written */
  load(delta: Delta | undefined, signal: AbortSignal): Promise<LoadedIndex>;
  /**
   * Writes a shard unless somebody else did since it was read or written here: then it fails this once, and what is
   * written next replaces what they wrote.
   * @throws KubeError `conflict`: somebody else wrote it
   */
  save(shard: number, packed: Buffer, signal: AbortSignal): Promise<void>;
}

export interface LoadedIndex {
  /** By stream key. */
  readonly objects: ReadonlyMap<string, readonly ObjectHead[]>;
  /** Into how many shards it is cut; 1 where there is none. */
  readonly of: number;
  /** The highest number of a cut that any shard is of. */
  readonly cut: number;
  /** What is missing or damaged; empty where all of it was read. */
  readonly problems: readonly string[];
}

export interface IndexAddress {
  readonly namespace: string;
  readonly name: string;
  /** What the ConfigMaps belong to, so that they go with it; undefined where its uid is not told. */
  readonly owner: OwnerReference | undefined;
}

interface ConfigMap {
  readonly metadata: { readonly resourceVersion: string };
  readonly binaryData?: Readonly<Record<string, string>>;
}

export function createIndexStore(kube: KubeClient, at: IndexAddress): IndexStore {
  /** Of each ConfigMap as we know it, so that a writer who is not alone notices. */
  const versions = new Map<number, string>();
  const collection = `/api/v1/namespaces/${encodeURIComponent(at.namespace)}/configmaps`;
  const pathOf = (shard: number): string => `${collection}/${encodeURIComponent(shardName(at.name, shard))}`;

  const read = async (shard: number, signal: AbortSignal): Promise<ConfigMap | undefined> => {
    try {
      const found = await kube.json<ConfigMap>({ path: pathOf(shard), signal });
      versions.set(shard, found.metadata.resourceVersion);
      return found;
    } catch (error) {
      if (error instanceof KubeError && error.code === 'notFound') return undefined;
      throw error;
    }
  };

  return {
    load: async (delta, signal) => {
      const shards = new Map<number, Shard>();
      const problems: string[] = [];
      let of = 1;
      for (let i = 0; i < of; i++) {
        const found = await read(i, signal);
        const result = found === undefined ? MISSING : unpacked(found);
        if (result.is === 'shard') {
          shards.set(i, result.shard);
          of = Math.max(of, result.shard.of);
        } else problems.push(`The ConfigMap ${at.namespace}/${shardName(at.name, i)}: ${result.sentence}`);
      }
      const objects = join(shards);
      const cut = Math.max(0, ...Array.from(shards.values(), (shard) => shard.cut));
      return { objects: delta === undefined ? objects : amended(objects, shards, delta), of, cut, problems };
    },
    save: async (shard, packed, signal) => {
      const resourceVersion = versions.get(shard) ?? (await read(shard, signal))?.metadata.resourceVersion;
      // Until it is answered, nobody knows what the server has: a write without an answer is read before the next.
      versions.delete(shard);
      const body = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: shardName(at.name, shard),
          namespace: at.namespace,
          labels: { 'app.kubernetes.io/managed-by': 'watchbridge' },
          ...(at.owner !== undefined && { ownerReferences: [at.owner] }),
          resourceVersion,
        },
        binaryData: { index: packed.toString('base64') },
      };
      const written =
        resourceVersion === undefined
          ? await createByName<ConfigMap>(kube, pathOf(shard), body, authorOf(packed), { signal })
          : await kube.json<ConfigMap>({ method: 'PUT', path: pathOf(shard), body, signal });
      versions.set(shard, written.metadata.resourceVersion);
    },
  };
}

const MISSING: ReadShard = { is: 'damaged', sentence: 'It is not there.' };

function unpacked(found: ConfigMap): ReadShard {
  const result = unpackShard(Buffer.from(found.binaryData?.['index'] ?? '', 'base64'));
  if (result.is === 'damaged' || isShardCount(result.shard.of)) return result;
  return { is: 'damaged', sentence: `It is one of ${result.shard.of} parts, and there can be no such number of them.` };
}

/** Two replicas that make a ConfigMap at once conflict unless they write the same. */
function authorOf(packed: Buffer): string {
  return `watchbridge-${createHash('sha256').update(packed).digest('hex').slice(0, 16)}`;
}

function shardName(name: string, shard: number): string {
  return `${name}-index-${shard}`;
}
