import type { RequestListener } from 'node:http';
import { createStreamMemory, NO_MEMORY } from '../checkpoint/stream-memory.ts';
import { createLanes, type Lanes } from '../delivery/lanes.ts';
import { createSink, type Sink } from '../delivery/sink.ts';
import { gapEvent } from '../events/gap-event.ts';
import type { Origin } from '../events/from-change.ts';
import { createRecentIds } from '../events/recent-ids.ts';
import type { KubeClient } from '../kube/client.ts';
import { createDiscovery } from '../kube/discovery.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import { type Listening, serve } from '../process/serve.ts';
import type { StreamNews } from '../watch/stream-news.ts';
import type { AdapterConfig } from './config.ts';
import { retryPolicy } from './delivery-config.ts';
import { parseDuration } from './duration.ts';
import { finishCheckpoint, keepCheckpoint } from './keep-checkpoint.ts';
import { announceLead, isOwnObject, lead, type Lead } from './lead.ts';
import { createMetrics } from './metrics.ts';
import { metricsHandler, probesHandler } from './probes.ts';
import { createDeliveryReport, reportStream } from './report.ts';
import { createStreamBoard } from './stream-board.ts';
import { announceStreams, runStreams, streamsOverlap } from './streams.ts';
import { createWhereabouts } from './whereabouts.ts';

export interface AdapterIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** What tells this process from every other one that may hold the source's Lease. */
  readonly identity: string;
}

/** Events on the wire at once, over all objects, at the most. */
const IN_FLIGHT = 64;
/** What may be queued when the sink is slower than the changes come; then the watches are not read. */
const BUFFER_BYTES = 16 * 1024 * 1024;
/** How many of the newest ids are remembered against overlapping streams; about 2 MB. */
const RECENT_IDS = 8_192;
/** How long the queue may take to empty after a stop; Kubernetes kills a Pod after 30 s by default. */
const DRAIN_MS = 20_000;

/**
 * Runs the receive adapter until `signal` is aborted: waits for its turn, watches, delivers, drains, and leaves its
 * checkpoint to the next one.
 * @throws ListenError when a port is taken, LeadershipLost when another replica delivers from now on
 */
export async function runAdapter(config: AdapterConfig, io: AdapterIo, signal: AbortSignal): Promise<void> {
  const { kube, clock, log } = io;
  const { checkpoint: tier = 'None' } = config.source;
  /** Nothing is sent any more. */
  const hardStop = new AbortController();
  const stop = AbortSignal.any([signal, hardStop.signal]);
  let leader: Lead | undefined;
  let rewound = new AbortController();
  const metrics = createMetrics(() => lanes.gauges());
  const board = createStreamBoard(metrics.established);
  // Before the probes are served: an empty board would be a ready one.
  if (tier === 'None') announceStreams(config, board);
  else announceLead(board);
  const report = createDeliveryReport({ log, metrics, clock });
  const sinks = createSinks(config);
  const lanes = createLanes({
    ...sinks,
    maySend: () => leader?.leadership.holds() ?? true,
    policy: retryPolicy(config.source.delivery),
    clock,
    inFlight: IN_FLIGHT,
    bufferBytes: BUFFER_BYTES,
    tell: report.tell,
    signal: hardStop.signal,
  });

  const endDelivery = async (): Promise<void> => {
    hardStop.abort();
    // What is still on the wire must not arrive after another replica has begun.
    await Promise.all([sinks.sink.close(), sinks.deadLetterSink?.close()]);
  };

  const watchAndDrain = async (): Promise<void> => {
    const reporter = (name: string, origin: Origin) => {
      const tell = reportStream(name, { log, metrics, board });
      return (news: StreamNews): void => {
        tell(news);
        if (news.is !== 'listed' || news.why === 'start' || config.source.gapEvents !== true) return;
        lanes.send({ lane: `gap/${name}`, event: gapEvent(news, origin, name, clock.now()), settled: () => undefined });
      };
    };
    const pipeline = {
      lanes,
      recent: streamsOverlap(config) ? createRecentIds(RECENT_IDS) : undefined,
      clock,
      metrics,
      report,
      whereabouts: createWhereabouts(kube, clock),
      filters: config.source.filters,
      isOwn: isOwnObject(config),
    };
    const finder = { discovery: createDiscovery(kube), board, clock, log };
    const memoryOf = (key: string) => leader?.checkpoint.memoryOf(key) ?? createStreamMemory(NO_MEMORY);
    const watched = runStreams(
      config,
      { kube, clock, finder, pipeline, memoryOf, reporter, rewound: () => rewound.signal },
      stop,
    );
    // A stream that waits for room in the queue reads no more, and ends only when the queue has room.
    await Promise.race([watched, aborted(stop)]);
    // Where there is nothing to watch, the adapter still runs until it is asked to stop.
    await aborted(stop);
    if (!hardStop.signal.aborted) await drain(lanes, clock, log);
    await endDelivery();
  };

  const leadAndWatch = async ({ checkpoint }: Lead): Promise<void> => {
    const tellRewound = (): void => {
      const last = rewound;
      rewound = new AbortController();
      last.abort();
    };
    const keepIo = { clock, log, metrics, renewed: lanes.wake, rewound: tellRewound };
    const keeping = new AbortController();
    const kept = keepCheckpoint(checkpoint, keepIo, keeping.signal).finally(() => hardStop.abort());
    const watched = watchAndDrain().finally(() => keeping.abort());
    await Promise.allSettled([kept, watched]);
    await Promise.all([kept, watched]);
    await finishCheckpoint(checkpoint, keepIo);
  };

  const servers: Listening[] = [];
  const listen = async (purpose: string, port: number, handler: RequestListener): Promise<number> => {
    const server = await serve({ port, purpose, handler });
    servers.push(server);
    return server.port;
  };

  try {
    const probesPort = await listen('probes', config.probesPort, probesHandler(board, signal));
    const metricsPort = await listen('metrics', config.metricsPort, metricsHandler(metrics.registry));
    log.info({ probesPort, metricsPort, sink: config.sink.origin, server: kube.server }, 'adapter started');
    const answer = tier === 'None' ? 'unable' : await lead(config, { ...io, metrics, board }, signal);
    if (answer === undefined) return;
    if (answer === 'unable') await watchAndDrain();
    else {
      leader = answer;
      await leadAndWatch(leader);
    }
  } finally {
    await Promise.all([endDelivery(), ...servers.map((server) => server.close())]);
  }
}

function createSinks(config: AdapterConfig): { sink: Sink; deadLetterSink: Sink | undefined } {
  const { delivery } = config.source;
  const common = {
    connections: IN_FLIGHT,
    timeoutMs: parseDuration(delivery?.timeout ?? '') ?? config.sinkTimeoutMs,
    contentMode: delivery?.format === 'json' ? 'structured' : 'binary',
    headers: ['kn-namespace', config.namespace],
  } as const;
  const { uri, CACerts } = delivery?.deadLetterSink ?? {};
  return {
    sink: createSink({ ...common, url: config.sink, ca: config.sinkCa }),
    deadLetterSink:
      uri === undefined
        ? undefined
        : createSink({ ...common, url: new URL(uri), ca: CACerts === undefined ? [] : [CACerts] }),
  };
}

async function drain(lanes: Lanes, clock: Clock, log: Log): Promise<void> {
  const waiting = lanes.gauges().queued;
  log.info({ queued: waiting }, 'stopping: no more changes are read, queued events are delivered');
  const drained = new AbortController();
  await Promise.race([lanes.idle().then(() => drained.abort()), clock.sleep(DRAIN_MS, drained.signal)]);
  const left = lanes.gauges().queued;
  if (left > 0) log.error({ undelivered: left, drainMs: DRAIN_MS }, 'stopped before every event was delivered');
  else log.info({ delivered: waiting }, 'stopped');
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
