import { createStreamMemory, NO_MEMORY, oldestHeld, type StreamMemory } from '../checkpoint/stream-memory.ts';
import { drain } from '../delivery/drain.ts';
import { createLanes } from '../delivery/lanes.ts';
import type { DeliveryGauges } from '../delivery/metrics.ts';
import { createDeliveryReport } from '../delivery/report.ts';
import type { Origin } from '../events/from-change.ts';
import { gapEvent } from '../events/gap-event.ts';
import { createRecentIds } from '../events/recent-ids.ts';
import { createPayload } from '../events/shaping/payload.ts';
import type { KubeClient } from '../kube/client.ts';
import { createDiscovery } from '../kube/discovery.ts';
import { LeadershipLost } from '../kube/leadership.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { StreamNews } from '../watch/stream-news.ts';
import { createGapAnnouncer, type GapAnnouncer } from './announce-gaps.ts';
import type { AdapterConfig } from './config.ts';
import { retryPolicy } from './delivery-config.ts';
import { createHoldBack } from './hold-back.ts';
import { aborted, endOf } from './end-of-term.ts';
import { GAPS_ANNOTATION } from './gap-notes.ts';
import { finishCheckpoint, keepCheckpoint, type KeepIo } from './keep-checkpoint.ts';
import { isOwnObject, type Lead, noteHold } from './lead.ts';
import type { AdapterMetrics, Ages } from './metrics.ts';
import { payloadRules, tellsClearSecrets } from './payload-config.ts';
import { reportStream } from './report.ts';
import { reportLack } from './report-lack.ts';
import { createSinks } from './sinks.ts';
import { parseReport, REPORT_ANNOTATION } from './source-report.ts';
import { createStanding, type Standing } from './standing.ts';
import type { StreamBoard } from './stream-board.ts';
import { streamsOverlap } from './stream-identity.ts';
import { runStreams } from './streams.ts';
import { watchHold } from './watch-hold.ts';
import { createWhereabouts } from './whereabouts.ts';

export interface TermIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AdapterMetrics;
  readonly board: StreamBoard;
}

/** The time in which this process is the one that delivers. */
export interface Term {
  gauges(): DeliveryGauges;
  ages(): Ages;
  /**
   * Watches and delivers until `signal` is aborted; then what is queued is delivered and the Lease given back. Ends
   * sooner when the Lease is lost to another replica.
   */
  run(signal: AbortSignal): Promise<'stopped' | LeadershipLost>;
}

/** Events on the wire at once, over all objects, at the most. */
const IN_FLIGHT = 64;
/** What may be queued when the sink is slower than the changes come; then the watches are not read. */
const BUFFER_BYTES = 16 * 1024 * 1024;
/** How long the queue may take to empty after a stop; Kubernetes kills a Pod after 30 s by default. */
const DRAIN_MS = 20_000;
/** How many of the newest ids are remembered against overlapping streams; about 2 MB. */
const RECENT_IDS = 8_192;

/** @param leader undefined: no Lease is held and nothing is stored */
export function createTerm(config: AdapterConfig, leader: Lead | undefined, io: TermIo): Term {
  const { kube, clock, log, metrics, board } = io;
  /** Nothing is sent any more. */
  const hardStop = new AbortController();
  let rewound = new AbortController();
  /** Of streams that are not stored. */
  const memories: StreamMemory[] = [];
  const report = createDeliveryReport({ log, metrics, clock });
  const sinks = createSinks(config, IN_FLIGHT, clock);
  const lanes = createLanes({
    ...sinks,
    maySend: () => leader?.leadership.holds() ?? true,
    policy: retryPolicy(config.source.delivery),
    clock,
    inFlight: IN_FLIGHT,
    bufferBytes: BUFFER_BYTES,
    tell: (news) => {
      report.tell(news);
      standing?.delivery(news);
    },
    signal: hardStop.signal,
  });
  const heldSince = (): number | undefined => leader?.checkpoint.heldSince() ?? oldestHeld(memories);
  const stored = leader?.leadership.taken.metadata.annotations;
  const standing =
    leader === undefined
      ? undefined
      : createStanding({
          clock,
          board,
          heldSince,
          clearSecrets: tellsClearSecrets(config.source),
          before: parseReport(stored?.[REPORT_ANNOTATION]),
        });

  const memoryOf = (key: string): StreamMemory => {
    if (leader !== undefined) return leader.checkpoint.memoryOf(key);
    const memory = createStreamMemory(NO_MEMORY, { clock });
    memories.push(memory);
    return memory;
  };

  const forget = (key: string): void => leader?.checkpoint.forget(key);

  const reporter = (gaps: GapAnnouncer) => (name: string, origin: Origin) => {
    const tell = reportStream(name, { log, metrics, board });
    return (news: StreamNews): void => {
      tell(news);
      standing?.stream(news);
      if (news.is !== 'listed' || news.why === 'start' || config.source.gapEvents !== true) return;
      gaps.announce({ lane: `gap/${name}`, event: gapEvent(news, origin, name, clock.now()) });
    };
  };

  const payload = payloadRules(
    config.source.payload,
    config.source.sourceUid ?? `${config.namespace}/${config.name}`,
    config.redactionKey,
  );
  const pipeline = {
    lanes,
    recent: streamsOverlap(config) ? createRecentIds(RECENT_IDS) : undefined,
    clock,
    metrics,
    report: standing === undefined ? report : alsoTelling(standing, report),
    whereabouts: createWhereabouts(kube, clock),
    filters: config.source.filters,
    isOwn: isOwnObject(config),
    payload: (origin: Origin) => createPayload(payload, origin),
    lacking: reportLack({ log, metrics }),
  };

  const endDelivery = async (): Promise<void> => {
    hardStop.abort();
    // What is still on the wire must not arrive after another replica has begun.
    await Promise.all([sinks.sink.close(), sinks.deadLetterSink?.close()]);
  };

  const watchAndDrain = async (gaps: GapAnnouncer, signal: AbortSignal): Promise<void> => {
    const stop = AbortSignal.any([signal, hardStop.signal]);
    const finder = { discovery: createDiscovery(kube), board, clock, log };
    const debounce = createHoldBack(config.source, { lanes, clock, signal: stop });
    const streamsIo = {
      kube,
      clock,
      finder,
      pipeline: { ...pipeline, debounce },
      memoryOf,
      forget,
      reporter: reporter(gaps),
      rewound: () => rewound.signal,
    };
    const watched = runStreams(config, streamsIo, stop);
    // A stream that waits for room in the queue reads no more, and ends only when the queue has room.
    await Promise.race([watched, aborted(stop)]);
    // Where there is nothing to watch, the adapter still runs until it is asked to stop.
    await aborted(stop);
    if (!hardStop.signal.aborted) await drain(lanes, { clock, log, drainMs: DRAIN_MS });
    await endDelivery();
    if (!signal.aborted) await endOf(watched, clock);
  };

  const keepIo = ({ leadership, withoutIndex }: Lead, gaps: GapAnnouncer): KeepIo => ({
    clock,
    log,
    metrics,
    notes: together(standing, gaps),
    holds: leadership.holds,
    renewed: lanes.wake,
    rewound: () => {
      const last = rewound;
      rewound = new AbortController();
      last.abort();
    },
    saved: (failure) => standing?.index(failure ?? withoutIndex),
  });

  const leadAndWatch = async (lead: Lead, gaps: GapAnnouncer, signal: AbortSignal): Promise<void> => {
    const keeping = new AbortController();
    const keep = keepIo(lead, gaps);
    keep.saved(undefined);
    const held = (yes: boolean): void => {
      noteHold(board, yes);
      // Others may take the Lease in 5 s, and what is on the wire must not arrive after what they send.
      if (!yes) void Promise.all([sinks.sink.cut(), sinks.deadLetterSink?.cut()]);
    };
    const kept = keepCheckpoint(lead.checkpoint, keep, keeping.signal).finally(() => hardStop.abort());
    const watched = watchAndDrain(gaps, signal).finally(() => keeping.abort());
    const guarded = watchHold(
      lead.leadership,
      { clock, log, held },
      AbortSignal.any([keeping.signal, hardStop.signal]),
    );
    await Promise.allSettled([kept, watched, guarded]);
    await Promise.all([kept, watched, guarded]);
    await finishCheckpoint(lead.checkpoint, keep);
  };

  return {
    gauges: lanes.gauges,
    ages: () => {
      const now = clock.monotonic();
      return {
        positionSeconds: (now - (heldSince() ?? now)) / 1_000,
        storedSeconds: (now - (leader?.checkpoint.storedAt() ?? now)) / 1_000,
      };
    },
    run: async (signal) => {
      metrics.sinkAway(false);
      metrics.clearSecrets(tellsClearSecrets(config.source));
      const gaps = createGapAnnouncer({ lanes, log }, stored?.[GAPS_ANNOTATION]);
      try {
        if (leader === undefined) await watchAndDrain(gaps, signal);
        else await leadAndWatch(leader, gaps, signal);
        return 'stopped';
      } catch (error) {
        if (error instanceof LeadershipLost) return error;
        throw error;
      } finally {
        await endDelivery();
      }
    },
  };
}

function alsoTelling(standing: Standing, report: ReturnType<typeof createDeliveryReport>): typeof report {
  return {
    tell: report.tell,
    settled: (as) => {
      report.settled(as);
      standing.settled(as);
    },
  };
}

/** Both are written with the same renewal. */
function together(standing: Standing | undefined, gaps: GapAnnouncer): KeepIo['notes'] {
  return {
    isNews: () => standing?.isNews() ?? false,
    due: () => {
      const report = standing?.due();
      const unsettled = gaps.due();
      return {
        annotations: { ...report?.annotations, ...unsettled.annotations },
        written: () => {
          report?.written();
          unsettled.written();
        },
      };
    },
  };
}
