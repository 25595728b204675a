import type { StreamMemory } from '../checkpoint/stream-memory.ts';
import { mayWatchCluster } from './cluster-right.ts';
import type { AdapterConfig } from './config.ts';
import { followScope } from './follow-scope.ts';
import { inherit, joined, legacyOf } from './inherit.ts';
import { runMatching } from './matching-streams.ts';
import type { Namespaces } from './namespaces.ts';
import { gvrOf, keyOf, retire, runStream, type StreamsIo, type Wanted } from './run-stream.ts';
import type { Memories, Selected } from './selected.ts';
import type { StartLimit } from './start-limit.ts';
import { type Place, streamName } from './stream-identity.ts';

/** How often it is asked whether the account may watch the whole cluster: a right that is granted needs no restart. */
const RIGHTS_EVERY_MS = 10_000;
/** How long what was read may take to be settled before other streams take over; what is not, is told again. */
const SETTLE_MS = 5_000;
const LOOK_EVERY_MS = 50;
const WHOLE: Place = { is: 'selected' };

/**
 * Watches a kind in the namespaces that match: with one watch of the whole cluster where the account may, else with
 * one for each of them; and changes from one to the other as rights come and go.
 */
export async function runSelected(
  wanted: Wanted,
  namespaces: Namespaces,
  config: AdapterConfig,
  io: StreamsIo,
  starts: StartLimit,
  signal: AbortSignal,
): Promise<void> {
  const waiting = (): void => {
    const name = streamName(wanted.entry, gvrOf(wanted), WHOLE, config.source);
    io.finder.board.set(name, { is: 'starting' });
  };
  // Until its streams have entries of their own.
  waiting();
  const selected: Selected = { wanted, namespaces, config, io, starts, memories: createMemories(wanted, config, io) };
  let whole = (await mayWatchCluster(io.kube, wanted.found, signal)) ?? true;
  while (!signal.aborted) {
    const stage = new AbortController();
    const stop = AbortSignal.any([signal, stage.signal]);
    const running = whole ? runWhole(selected, stop) : runEach(selected, stop);
    // What ends is only ever ended, so that a failure of either shows.
    await Promise.race([running, rightChanges(whole, selected, stop)]);
    stage.abort();
    waiting();
    await running;
    waiting();
    if (!signal.aborted) await settled(selected, signal);
    whole = !whole;
  }
}

/** One watch of the whole cluster. */
async function runWhole(selected: Selected, signal: AbortSignal): Promise<void> {
  const { wanted, namespaces, config, io, starts, memories } = selected;
  const memory = memories.of(WHOLE);
  // Also those that match no longer: what is forgotten of them is counted.
  const names = new Set([...namespaces.matching(), ...memories.matching()]);
  const matching = Array.from(names, (name): Place => ({ is: 'matching', name }));
  if (memory.ledger.position() === undefined) {
    const legacy = joined(matching.flatMap((place) => legacyOf(memories.of(place)) ?? []));
    if (legacy !== undefined) inherit(memory, legacy);
  }
  for (const place of matching) memories.drop(place);
  const tells = config.source.initialEvents === 'All' || wanted.found.appeared;
  const forgot = (objects: number): void => {
    io.pipeline.metrics.suppressed('left', objects);
    io.finder.log.info(
      { resource: wanted.found.plural, objects },
      'objects forgotten; their namespaces match no longer',
    );
  };
  const started = { ...memory, position: memory.ledger.position() };
  const { scope, end } = followScope(namespaces, { memory: started, tells, forgot });
  await runStream(wanted, { place: WHOLE, memory, scope, starts }, config, io, signal).finally(end);
  retire(wanted, WHOLE, config, io);
}

/** A watch for each namespace. */
async function runEach(selected: Selected, signal: AbortSignal): Promise<void> {
  const { wanted, namespaces, config, io, memories } = selected;
  io.finder.log.warn(
    { resource: wanted.found.plural },
    'account may not watch the whole cluster; each matching namespace is watched by itself',
  );
  const whole = memories.of(WHOLE);
  for (const name of namespaces.matching()) {
    const memory = memories.of({ is: 'matching', name });
    const legacy = memory.ledger.position() === undefined ? legacyOf(whole, name) : undefined;
    if (legacy !== undefined) inherit(memory, legacy);
  }
  memories.drop(WHOLE);
  await runMatching(selected, () => retire(wanted, WHOLE, config, io), signal);
}

async function rightChanges(whole: boolean, { wanted, io }: Selected, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await io.clock.sleep(RIGHTS_EVERY_MS, signal);
    const may = signal.aborted ? undefined : await mayWatchCluster(io.kube, wanted.found, signal);
    if (may === !whole) return;
  }
}

async function settled({ memories, io }: Selected, signal: AbortSignal): Promise<void> {
  const places: Place[] = [WHOLE, ...memories.matching().map((name): Place => ({ is: 'matching', name }))];
  for (let waited = 0; waited < SETTLE_MS && !signal.aborted; waited += LOOK_EVERY_MS) {
    if (places.every((place) => memories.of(place).ledger.heldSince() === undefined)) return;
    await io.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

function createMemories(wanted: Wanted, config: AdapterConfig, io: StreamsIo): Memories {
  const memories = new Map<string, StreamMemory>();
  const names = new Map<string, string>();
  return {
    of: (place) => {
      const key = keyOf(wanted, place, config);
      const memory = memories.get(key) ?? io.memoryOf(key);
      memories.set(key, memory);
      if (place.is === 'matching') names.set(key, place.name);
      return memory;
    },
    drop: (place) => {
      const key = keyOf(wanted, place, config);
      memories.delete(key);
      names.delete(key);
      io.forget(key);
    },
    matching: () => [...names.values()],
  };
}
