import { pino } from 'pino';
import { createStreamMemory, NO_MEMORY } from '../checkpoint/stream-memory.ts';
import type { AdapterConfig } from '../adapter/config.ts';
import { createHoldBack } from '../adapter/hold-back.ts';
import { isOwnObject } from '../adapter/lead.ts';
import { contentMode } from '../adapter/delivery-config.ts';
import { payloadRules } from '../adapter/payload-config.ts';
import { reportLack } from '../adapter/report-lack.ts';
import { reportStream } from '../adapter/report.ts';
import { createStreamBoard, type StreamSummary } from '../adapter/stream-board.ts';
import { streamsOverlap } from '../adapter/stream-identity.ts';
import { announceStreams, runStreams } from '../adapter/streams.ts';
import { createWhereabouts } from '../adapter/whereabouts.ts';
import { createRecentIds } from '../events/recent-ids.ts';
import { createPayload } from '../events/shaping/payload.ts';
import type { KubeClient } from '../kube/client.ts';
import { createDiscovery } from '../kube/discovery.ts';
import type { Clock } from '../process/clock.ts';
import { createDropCounter, type DropCounter } from './drop-counter.ts';
import { createEventCounter, type EventCounter } from './event-counter.ts';

export interface PreviewWishes {
  readonly forMs: number;
  /** How many events are kept to be shown. */
  readonly samples: number;
  /** Called when what happens from now on is seen. */
  readonly begun: (streams: StreamSummary) => void;
}

export interface Watched {
  readonly events: EventCounter;
  readonly drops: DropCounter;
  /** Of watching, from when all streams were established. */
  readonly seconds: number;
  /** How the streams stood at the end. */
  readonly streams: StreamSummary;
}

/** As the adapter's, so that what overlaps is told as often. */
const RECENT_IDS = 8_192;
/** A stream that cannot be established is not waited for. */
const ESTABLISHED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/**
 * Watches what the adapter of this configuration would, with the adapter's own parts and a sink that only counts, for
 * `forMs` or until `signal` is aborted. Nothing is sent and nothing is stored.
 */
export async function runPreview(
  config: AdapterConfig,
  io: { readonly kube: KubeClient; readonly clock: Clock },
  { forMs, samples, begun }: PreviewWishes,
  signal: AbortSignal,
): Promise<Watched> {
  const { kube, clock } = io;
  const stopped = new AbortController();
  const stop = AbortSignal.any([signal, stopped.signal]);
  // What the adapter would log is on the board and in the counters.
  const log = pino({ level: 'silent' });
  const events = createEventCounter(contentMode(config.source.delivery), samples);
  const drops = createDropCounter();
  const { metrics } = drops;
  const board = createStreamBoard(metrics.established);
  // Nothing is stored, so that no position can turn out to be ahead of the server's.
  const never = new AbortController().signal;
  const rules = payloadRules(
    config.source.payload,
    config.source.sourceUid ?? `${config.namespace}/${config.name}`,
    config.redactionKey,
  );
  announceStreams(config, board);
  const watching = runStreams(
    config,
    {
      kube,
      clock,
      finder: { discovery: createDiscovery(kube), board, clock, log },
      pipeline: {
        lanes: events.lanes,
        debounce: createHoldBack(config.source, { lanes: events.lanes, clock, signal: stop }),
        recent: streamsOverlap(config) ? createRecentIds(RECENT_IDS) : undefined,
        clock,
        metrics,
        // Nothing is ever tried again or refused.
        report: { tell: () => undefined, settled: () => undefined },
        whereabouts: createWhereabouts(kube, clock),
        filters: config.source.filters,
        isOwn: isOwnObject(config),
        payload: (origin) => createPayload(rules, origin),
        lacking: reportLack({ log, metrics }),
      },
      memoryOf: () => createStreamMemory(NO_MEMORY, { clock }),
      forget: () => undefined,
      reporter: (name) => reportStream(name, { log, metrics, board }),
      rewound: () => never,
    },
    stop,
  );
  const lasted = async (): Promise<Pick<Watched, 'seconds' | 'streams'>> => {
    for (let waited = 0; !board.ready() && waited < ESTABLISHED_WITHIN_MS && !stop.aborted; waited += LOOK_EVERY_MS) {
      await clock.sleep(LOOK_EVERY_MS, stop);
    }
    events.begin();
    const { established, total } = board.summary();
    const since = clock.monotonic();
    if (established > 0 || total === 0) {
      begun(board.summary());
      await clock.sleep(forMs, stop);
    }
    return { seconds: (clock.monotonic() - since) / 1_000, streams: board.summary() };
  };
  // What fails ends the wait; what has nothing to watch does not.
  const failed = watching.then(() => new Promise<never>(() => undefined));
  const outcome = await Promise.race([lasted(), failed]).finally(() => stopped.abort());
  await watching;
  return { events, drops, ...outcome };
}
