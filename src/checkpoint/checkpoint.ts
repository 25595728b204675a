import type { Leadership, RenewResult } from '../kube/leadership.ts';
import type { Clock } from '../process/clock.ts';
import type { IndexStore, LoadedIndex } from './index-store.ts';
import { packShard } from './packing.ts';
import { decodeRecord, encodeRecord, RECORD_ANNOTATION } from './record.ts';
import { allShards, cut, dirtyShards, shardsFor } from './sharding.ts';
import { createStreamMemory, NO_MEMORY, type StreamMemory } from './stream-memory.ts';
import type { Position } from './watermark.ts';

/** What is kept of a source beyond the life of a process. */
export interface Checkpoint {
  /** The memory of a stream, with what was stored of it; from now on it is stored. */
  memoryOf(stream: string): StreamMemory;
  /** Writes the index of what is settled by now. Its positions are stored by the next {@link renew}. @throws KubeError */
  saveIndex(signal: AbortSignal): Promise<void>;
  /** Renews the Lease, and with it stores the positions that the index has caught up with. */
  renew(signal: AbortSignal): Promise<RenewResult>;
  /** Stores everything and gives the Lease back. */
  finish(signal: AbortSignal): Promise<void>;
  /** What could not be read of the stored state; empty where there was none, or all of it could. */
  readonly problems: readonly string[];
}

/** A large index is written less often, so that etcd takes no more than this from one source. */
const BYTES_A_SECOND = 32 * 1024;

export interface CheckpointOptions {
  /** The keys of all streams that there may be; what is stored of others is forgotten. */
  readonly streams: ReadonlySet<string>;
  readonly leadership: Leadership;
  /** Undefined: only positions are stored. */
  readonly index: IndexStore | undefined;
  readonly clock: Clock;
  /** Hears how much was written. */
  readonly wrote: (bytes: number) => void;
}

/** Reads what was stored under a Lease that we hold. @throws KubeError */
export async function openCheckpoint(options: CheckpointOptions, signal: AbortSignal): Promise<Checkpoint> {
  const { leadership, index } = options;
  const stored = decodeRecord(leadership.taken.metadata.annotations?.[RECORD_ANNOTATION]);
  const problems: string[] = stored.is === 'unusable' ? [stored.sentence] : [];
  let positions: ReadonlyMap<string, Position> = stored.is === 'record' ? stored.record.positions : new Map();
  if (stored.is === 'record' && stored.record.lease !== undefined && stored.record.lease !== leadership.uid()) {
    problems.push(
      'The stored checkpoint was written in another cluster, or its Lease was made anew; its positions mean nothing here.',
    );
    positions = new Map();
  }
  const nothing: LoadedIndex = { objects: new Map(), of: 1, problems: [] };
  const loaded = index === undefined || stored.is === 'absent' ? nothing : await index.load(signal);
  if (positions.size > 0) problems.push(...loaded.problems);
  return checkpoint(options, positions, loaded, problems);
}

function checkpoint(
  options: CheckpointOptions,
  stored: ReadonlyMap<string, Position>,
  loaded: LoadedIndex,
  problems: readonly string[],
): Checkpoint {
  const { leadership, index, clock } = options;
  // A stream whose resource is absent for a while must not lose what is stored of it.
  const memories = new Map<string, StreamMemory>();
  for (const [stream, position] of stored) {
    if (!options.streams.has(stream)) continue;
    const complete = index !== undefined && loaded.problems.length === 0;
    memories.set(stream, createStreamMemory({ position, objects: loaded.objects.get(stream) ?? [], complete }));
  }
  /** Positions that may be stored: the index says all that is settled there. */
  let covered = new Map(stored);
  let of = loaded.of;
  let notBefore = Number.NEGATIVE_INFINITY;

  const positionsNow = (): Map<string, Position> => {
    const now = new Map<string, Position>();
    for (const [stream, { ledger }] of memories) {
      const position = ledger.position();
      if (position !== undefined) now.set(stream, position);
    }
    return now;
  };

  const writeShards = async (store: IndexStore, signal: AbortSignal): Promise<void> => {
    const ledgers = new Map(Array.from(memories, ([stream, { ledger }]) => [stream, ledger]));
    const objects = Array.from(ledgers.values()).reduce((sum, ledger) => sum + ledger.size(), 0);
    const grown = shardsFor(objects, of);
    const wanted = grown === of ? dirtyShards(ledgers, of) : allShards(grown);
    // What is cut and where the streams stand must be of one moment.
    const positions = positionsNow();
    const shards = cut(ledgers, grown, wanted);
    for (const ledger of ledgers.values()) ledger.clean();
    let bytes = 0;
    try {
      // The highest numbers first: when the index grows, the new shards exist before the old ones lose their half.
      for (const [number, shard] of [...shards].toSorted(([a], [b]) => b - a)) {
        const packed = packShard(shard);
        await store.save(number, packed, signal);
        bytes += packed.length;
      }
    } catch (error) {
      for (const ledger of ledgers.values()) ledger.soil();
      throw error;
    } finally {
      options.wrote(bytes);
    }
    of = grown;
    covered = positions;
    notBefore = clock.monotonic() + (bytes / BYTES_A_SECOND) * 1_000;
  };

  const saveIndex = async (signal: AbortSignal, now: boolean): Promise<void> => {
    if (index === undefined) covered = positionsNow();
    else if (now || clock.monotonic() >= notBefore) await writeShards(index, signal);
  };

  const annotations = (): Record<string, string> => ({
    [RECORD_ANNOTATION]: encodeRecord({ lease: leadership.uid(), positions: covered }),
  });

  return {
    problems,
    memoryOf: (stream) => {
      const memory = memories.get(stream) ?? createStreamMemory(NO_MEMORY);
      memories.set(stream, memory);
      return memory;
    },
    saveIndex: (signal) => saveIndex(signal, false),
    renew: (signal) => leadership.renew(annotations(), signal),
    finish: async (signal) => {
      await saveIndex(signal, true);
      await leadership.release(annotations(), signal);
    },
  };
}
