import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { ObjectHead } from '../watch/change.ts';
import { type Shard, unpackShard } from './packing.ts';
import { join, MOST_SHARDS } from './sharding.ts';

/** The stored index: ConfigMaps named `<name>-index-0`, `-1`, ... */
export interface IndexStore {
  load(signal: AbortSignal): Promise<LoadedIndex>;
  /** @throws KubeError `conflict` or `alreadyExists`: somebody else writes this index */
  save(shard: number, packed: Buffer, signal: AbortSignal): Promise<void>;
}

export interface LoadedIndex {
  /** By stream key. */
  readonly objects: ReadonlyMap<string, readonly ObjectHead[]>;
  /** Into how many shards it is cut; 1 where there is none. */
  readonly of: number;
  /** What is missing or damaged; empty where all of it was read. */
  readonly problems: readonly string[];
}

export interface IndexAddress {
  readonly namespace: string;
  readonly name: string;
  /** What the ConfigMaps belong to, so that they go with it; undefined where its uid is not told. */
  readonly owner:
    | { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string }
    | undefined;
}

interface ConfigMap {
  readonly metadata: { readonly resourceVersion?: string };
  readonly binaryData?: Readonly<Record<string, string>>;
}

export function createIndexStore(kube: KubeClient, at: IndexAddress): IndexStore {
  /** Of each ConfigMap as we know it, so that a writer who is not alone notices. */
  const versions = new Map<number, string | undefined>();
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
    load: async (signal) => {
      const shards = new Map<number, Shard>();
      const problems: string[] = [];
      let of = 1;
      for (let i = 0; i < of; i++) {
        const found = await read(i, signal);
        const result =
          found === undefined ? undefined : unpackShard(Buffer.from(found.binaryData?.['index'] ?? '', 'base64'));
        if (result?.is === 'shard' && result.shard.of <= MOST_SHARDS) {
          shards.set(i, result.shard);
          of = Math.max(of, result.shard.of);
        } else if (result?.is === 'damaged') problems.push(`${shardName(at.name, i)}: ${result.sentence}`);
        else problems.push(`The ConfigMap ${at.namespace}/${shardName(at.name, i)} is not there.`);
      }
      return { objects: join(shards), of, problems };
    },
    save: async (shard, packed, signal) => {
      const body = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: shardName(at.name, shard),
          namespace: at.namespace,
          labels: { 'app.kubernetes.io/managed-by': 'watchbridge' },
          ...(at.owner !== undefined && { ownerReferences: [at.owner] }),
          resourceVersion: versions.get(shard),
        },
        binaryData: { index: packed.toString('base64') },
      };
      const known = versions.get(shard) ?? (await read(shard, signal))?.metadata.resourceVersion;
      const request =
        known === undefined
          ? ({ method: 'POST', path: collection, body, signal } as const)
          : ({
              method: 'PUT',
              path: pathOf(shard),
              body: { ...body, metadata: { ...body.metadata, resourceVersion: known } },
              signal,
            } as const);
      const written = await kube.json<ConfigMap>(request);
      versions.set(shard, written.metadata.resourceVersion);
    },
  };
}

export function shardName(name: string, shard: number): string {
  return `${name}-index-${shard}`;
}
