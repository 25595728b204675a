import { KubeError } from '../kube/errors.ts';
import { type Leadership, LeadershipLost, type RenewResult } from '../kube/leadership.ts';
import type { Clock } from '../process/clock.ts';
import type { ObjectHead } from '../watch/change.ts';
import { decodeDelta, type Delta, type EncodedDelta, encodeDelta } from './delta.ts';
import type { IndexStore, LoadedIndex } from './index-store.ts';
import type { Ledger } from './ledger.ts';
import { packShard } from './packing.ts';
import { decodeRecord, encodeRecord, RECORD_ANNOTATION } from './record.ts';
import { cut, dirtyShards, shardsFor } from './sharding.ts';
import { createStreamMemory, NO_MEMORY, oldestHeld, type StreamMemory } from './stream-memory.ts';
import type { Position } from './watermark.ts';

/** What is kept of a source beyond the life of a process. */
export interface Checkpoint {
  /** The memory of a stream, with what was stored of it; from now on it is stored. */
  memoryOf(stream: string): StreamMemory;
  /** The stream will not come again: nothing of it is stored from now on. */
  forget(stream: string): void;
  /**
   * Writes the index of what is settled by now; if only `whenDue`, then where a delta has no room for what it lacks, or
   * once a minute, and not sooner after the last write than its size allows. Its positions are stored by the next
   * {@link renew} or {@link release}.
   * @throws KubeError, LeadershipLost
   */
  saveIndex(when: 'whenDue' | 'now', signal: AbortSignal): Promise<void>;
  /** Whether objects came or went that are not stored, so that a renewal is worth it. */
  isNews(): boolean;
  /**
   * Renews the Lease, and with it stores the newest positions that index and delta cover, the delta, and `more`
   * annotations.
   * @throws as saveIndex
   */
  renew(more: Annotations, signal: AbortSignal): Promise<RenewResult>;
  /** Stores these positions for the last time, and gives the Lease back. @throws as saveIndex */
  release(more: Annotations, signal: AbortSignal): Promise<void>;
  /** When, on the monotonic clock, the stored positions were those that were reached. */
  storedAt(): number;
  /** When, on the monotonic clock, the oldest change of any stream was read that is not settled. */
  heldSince(): number | undefined;
  /** What could not be read of the stored state; empty where there was none, or all of it could. */
  readonly problems: readonly string[];
}

type Annotations = Readonly<Record<string, string>>;

/** A large index is written less often, so that etcd takes no more than this from one source. */
const BYTES_A_SECOND = 32 * 1024;
/** How long changes may stand in the delta alone. */
const FOLD_EVERY_MS = 60_000;

/** An index a minute, for two years. */
const CUTS_A_TERM = 2 ** 20;

export interface CheckpointOptions {
  /** The keys of all streams that there may be; what is stored of others is forgotten. */
  readonly streams: Pick<ReadonlySet<string>, 'has'>;
  readonly leadership: Leadership;
  /** Undefined: only positions are stored. */
  readonly index: IndexStore | undefined;
  readonly clock: Clock;
  /** See LedgerOptions: whether the object is one that a stream need not store for its own sake. */
  readonly ignoredIn: (stream: string) => ((object: ObjectHead) => boolean) | undefined;
  /** Hears how many positions are not stored, because a Lease has no room for them. */
  readonly leftOut: (positions: number) => void;
  /** Hears how much was written. */
  readonly wrote: (bytes: number) => void;
}

/** Reads what was stored under a Lease that we hold. @throws KubeError, LeadershipLost */
export async function openCheckpoint(options: CheckpointOptions, signal: AbortSignal): Promise<Checkpoint> {
  const { leadership, index } = options;
  const stored = decodeRecord(leadership.taken.metadata.annotations?.[RECORD_ANNOTATION]);
  const problems: string[] = stored.is === 'unusable' ? [stored.sentence] : [];
  let positions: ReadonlyMap<string, Position> = stored.is === 'record' ? stored.record.positions : new Map();
  let text = stored.is === 'record' ? stored.record.delta : undefined;
  if (stored.is === 'record' && stored.record.lease !== undefined && stored.record.lease !== leadership.uid()) {
    problems.push(
      'The stored checkpoint was written in another cluster, or its Lease was made anew; its positions mean nothing here.',
    );
    positions = new Map();
    text = undefined;
  }
  const read = text === undefined ? undefined : decodeDelta(text);
  if (read?.is === 'damaged') problems.push(read.sentence);
  const delta = read?.is === 'shard' ? read.shard : undefined;
  const nothing: LoadedIndex = { objects: new Map(), of: 1, cut: 0, problems: [] };
  // Also where nothing can be stored yet: that it cannot be read shows now, and not when it is needed.
  const loaded = index === undefined ? nothing : await index.load(delta, signal);
  if (positions.size > 0) problems.push(...loaded.problems);
  const opened = checkpoint(options, { positions, loaded, delta, text, problems });
  // What is damaged will be written anew, without what is lost: until then the record must say that something is.
  if (problems.length > 0 && positions.size > 0) await opened.renew({}, signal);
  return opened;
}

/** What was read of the last holder's checkpoint. */
interface Stored {
  readonly positions: ReadonlyMap<string, Position>;
  /** With what the delta says. */
  readonly loaded: LoadedIndex;
  readonly delta: Delta | undefined;
  /** The delta as it was stored. */
  readonly text: string | undefined;
  readonly problems: readonly string[];
}

/** Where streams may resume, as index and delta say all that is settled there. */
interface Covered {
  readonly positions: ReadonlyMap<string, Position>;
  readonly delta: string | undefined;
  /** When, on the monotonic clock, the streams stood there. */
  readonly at: number;
}

function checkpoint(options: CheckpointOptions, stored: Stored): Checkpoint {
  const { leadership, index, clock } = options;
  const { loaded, problems } = stored;
  const memoryOptions = (stream: string) => ({ clock, ignores: options.ignoredIn(stream) });
  // A stream whose resource is absent for a while must not lose what is stored of it.
  const memories = new Map<string, StreamMemory>();
  for (const [stream, position] of stored.positions) {
    if (!options.streams.has(stream)) continue;
    const complete = position.complete && index !== undefined && problems.length === 0;
    const objects = loaded.objects.get(stream) ?? [];
    const uncertain = !leadership.handedOver;
    // The next delta and the next index have to say it as well.
    const dirty = (stored.delta?.objects.get(stream) ?? []).map(({ namespace, name }) => `${namespace}/${name}`);
    memories.set(
      stream,
      createStreamMemory(
        { position: { ...position, complete }, objects, uncertain },
        { ...memoryOptions(stream), dirty },
      ),
    );
  }
  // What is damaged is written anew.
  if (problems.length > 0) for (const { ledger } of memories.values()) ledger.soil();
  let of = loaded.of;
  /**
   * The last cut that was begun. What a holder before us still has under way may be written after we have read: its cut
   * must then be older than our delta, so each term of the Lease has numbers of its own.
   */
  let cuts = Math.max(loaded.cut, stored.delta?.cut ?? 0, (leadership.taken.spec?.leaseTransitions ?? 0) * CUTS_A_TERM);
  let notBefore = Number.NEGATIVE_INFINITY;

  const positionsNow = (): Map<string, Position> => {
    const now = new Map<string, Position>();
    for (const [stream, { ledger }] of memories) {
      const position = ledger.position();
      if (position === undefined) continue;
      // Without an index, whoever comes next knows no object.
      now.set(stream, index === undefined ? { ...position, complete: false } : position);
    }
    return now;
  };
  let covered: Covered = { positions: positionsNow(), delta: stored.text, at: clock.monotonic() };
  let storedAt = covered.at;
  let foldAt = covered.at + FOLD_EVERY_MS;
  let room: EncodedDelta['room'] = 'none';
  /** See Ledger; of all streams, as it was when the last position was stored. */
  let turnover = 0;

  const ledgersNow = (): Map<string, Ledger> =>
    new Map(Array.from(memories, ([stream, { ledger }]) => [stream, ledger]));

  const turnoverNow = (): number => {
    let sum = 0;
    for (const { ledger } of memories.values()) sum += ledger.turnover();
    return sum;
  };

  /** Moves on what is covered as far as a delta does. */
  const cover = (): void => {
    if (index === undefined) return;
    const delta = encodeDelta(ledgersNow(), cuts);
    ({ room } = delta);
    if (delta.room !== 'none') covered = { positions: positionsNow(), delta: delta.text, at: clock.monotonic() };
  };

  const writeShards = async (store: IndexStore, signal: AbortSignal): Promise<void> => {
    const ledgers = ledgersNow();
    const objects = Array.from(ledgers.values()).reduce((sum, ledger) => sum + ledger.size(), 0);
    const grown = shardsFor(objects, of);
    // A write that fails half-way leaves parts of an index that was cut otherwise.
    if (grown !== of) for (const ledger of ledgers.values()) ledger.soil();
    const wanted = dirtyShards(ledgers, grown);
    // Also if a write fails: what it left behind must not be finer than what is written next.
    of = grown;
    // What is cut and where the streams stand must be of one moment.
    const next: Covered = { positions: positionsNow(), delta: undefined, at: clock.monotonic() };
    const shards = cut(ledgers, { of: grown, number: ++cuts }, wanted);
    for (const ledger of ledgers.values()) ledger.writing();
    let bytes = 0;
    try {
      // The highest numbers first: when the index grows, the new shards exist before the old ones lose their half.
      for (const [number, shard] of [...shards].toSorted(([a], [b]) => b - a)) {
        // Between two writes this process may have been frozen, for longer than others wait for it.
        if (!leadership.holds()) throw new LeadershipLost('The Lease is not surely ours while the index is written.');
        const packed = packShard(shard);
        await store.save(number, packed, signal);
        bytes += packed.length;
      }
    } catch (error) {
      // What is stored is not what was written here, so no delta goes with it.
      const isForeign = error instanceof KubeError && error.code === 'conflict';
      if (isForeign) for (const ledger of ledgers.values()) ledger.soil();
      throw error;
    } finally {
      if (bytes > 0) options.wrote(bytes);
      notBefore = clock.monotonic() + (bytes / BYTES_A_SECOND) * 1_000;
    }
    for (const ledger of ledgers.values()) ledger.written();
    foldAt = next.at + FOLD_EVERY_MS;
    // A delta can have gone further meanwhile.
    if (next.at >= covered.at) covered = next;
  };

  let leftOut = 0;
  const withRecord = (more: Annotations): Annotations => {
    const { positions, delta } = covered;
    const { text, left } = encodeRecord({ lease: leadership.uid(), positions, delta });
    if (left > leftOut) options.leftOut(left);
    leftOut = left;
    return { ...more, [RECORD_ANNOTATION]: text };
  };

  return {
    problems,
    memoryOf: (stream) => {
      const memory = memories.get(stream) ?? createStreamMemory(NO_MEMORY, memoryOptions(stream));
      memories.set(stream, memory);
      return memory;
    },
    forget: (stream) => {
      memories.delete(stream);
    },
    saveIndex: async (when, signal) => {
      const now = clock.monotonic();
      if (index === undefined) {
        covered = { positions: positionsNow(), delta: undefined, at: now };
        return;
      }
      ({ room } = encodeDelta(ledgersNow(), cuts));
      if (when === 'now' || (now >= notBefore && (room !== 'enough' || now >= foldAt)))
        await writeShards(index, signal);
    },
    isNews: () => index !== undefined && room !== 'none' && turnoverNow() !== turnover,
    renew: async (more, signal) => {
      const lease = leadership.uid();
      cover();
      const reachedAt = covered.at;
      const reached = turnoverNow();
      const result = await leadership.renew(withRecord(more), signal);
      storedAt = reachedAt;
      turnover = reached;
      // It was made anew, and the record in it still names the old one.
      if (leadership.uid() !== lease) await leadership.renew(withRecord(more), signal);
      // The server has an older index than it had confirmed as well.
      if (result === 'rewound') for (const { ledger } of memories.values()) ledger.soil();
      return result;
    },
    release: (more, signal) => {
      cover();
      return leadership.release(withRecord(more), signal);
    },
    storedAt: () => storedAt,
    heldSince: () => oldestHeld(memories.values()),
  };
}
