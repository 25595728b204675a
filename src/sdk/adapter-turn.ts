import { addAbortListener } from 'node:events';
import type { Registry } from 'prom-client';
import { drain } from '../delivery/drain.ts';
import { DEFAULT_RETRY_POLICY } from '../delivery/judge.ts';
import { createLanes, type DeliveryNews } from '../delivery/lanes.ts';
import type { DeliveryGauges, DeliveryMetrics } from '../delivery/metrics.ts';
import { createDeliveryReport } from '../delivery/report.ts';
import { createSink } from '../delivery/sink.ts';
import type { KubeClient } from '../kube/client.ts';
import { createRotatedFile, parseToken } from '../kube/rotated-file.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { ReadinessBoard } from '../process/readiness-board.ts';
import type { AdapterOptions, NewAdapter } from './adapter.ts';
import type { AdapterSettings } from './adapter-settings.ts';
import { createEventClient } from './client.ts';

/** What an adapter is made from, and for. */
export interface TurnProgram<Env> {
  readonly settings: AdapterSettings;
  readonly env: Env;
  readonly newAdapter: NewAdapter<Env>;
  readonly options: AdapterOptions;
}

export interface TurnIo {
  readonly kube: () => Promise<KubeClient>;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Registry;
  readonly metrics: DeliveryMetrics;
  readonly board: ReadinessBoard;
  /** Told once there is a queue, until the next turn. */
  readonly queue: (gauges: () => DeliveryGauges) => void;
}

/** Events on the wire at once, at the most. */
const IN_FLIGHT = 64;
/** Who sends more than the sink takes waits, in `send`. */
const BUFFER_BYTES = 16 * 1024 * 1024;
/** Kubernetes kills a Pod 30 s after it asked it to stop. */
const END_MS = 20_000;
/** The holder of a Lease that is not renewed any more has at least 5 s before others may take it. */
const END_OF_TURN_MS = 4_000;

/**
 * Makes an adapter and runs it until `turn` is aborted; then it and the queue have some time to end.
 *
 * @param stop aborted where the process was asked to stop, in order; else the turn is over, and nothing is sent any more
 * @returns how many events were not delivered
 */
export async function runTurn<Env>(
  { settings, env, newAdapter, options }: TurnProgram<Env>,
  io: TurnIo,
  { turn, stop }: { readonly turn: AbortSignal; readonly stop: AbortSignal },
): Promise<number> {
  const { clock, log, metrics, board } = io;
  const hardStop = new AbortController();
  const sink = sinkOf(clock, settings);
  const report = createDeliveryReport({ log, metrics, clock });
  const lanes = createLanes({
    sink,
    deadLetterSink: undefined,
    policy: { ...DEFAULT_RETRY_POLICY, ...options.retry },
    clock,
    inFlight: IN_FLIGHT,
    bufferBytes: BUFFER_BYTES,
    maySend: () => true,
    tell: (news: DeliveryNews) => {
      report.tell(news);
      if (news.is === 'refused') client.refused(news.event, news.reason);
    },
    signal: hardStop.signal,
  });
  const client = createEventClient({
    lanes,
    overrides: settings.overrides,
    clock,
    settled: (as, seconds) => {
      metrics.settled(as, seconds);
      report.settled(as);
    },
  });
  io.queue(lanes.gauges);
  const endMs = options.leaderElection === true ? END_OF_TURN_MS : END_MS;
  let endAt = Number.POSITIVE_INFINITY;
  using _asked = addAbortListener(turn, () => {
    endAt = clock.monotonic() + endMs;
    if (!stop.aborted) hardStop.abort();
  });
  try {
    const { name, namespace } = settings;
    const readiness = { set: (part: string, problem?: string) => board.set(part, problem ?? 'ready', !problem) };
    const context = { env, name, namespace, client, signal: turn, log, metrics: io.registry, readiness, kube: io.kube };
    const run = async (): Promise<void> => {
      const adapter = await newAdapter(context);
      board.set('adapter', 'running', true);
      await adapter.start(turn);
    };
    const end = await endOf(run(), turn, clock, endMs);
    // One that waits for an event to be delivered has a reason, which draining tells.
    if (end === 'overdue' && lanes.gauges().queued === 0) {
      log.error({ waitedMs: endMs }, 'adapter did not return when it was asked to');
    }
  } finally {
    const drainMs = Math.max(0, Math.min(endMs, endAt - clock.monotonic()));
    if (!hardStop.signal.aborted) await drain(lanes, { clock, log, drainMs });
    hardStop.abort();
    client.end();
    // What is still on the wire must not arrive after another replica has begun.
    await sink.close();
  }
  return lanes.gauges().queued;
}

function sinkOf(
  clock: Clock,
  { sink: url, sinkCa: ca, sinkTimeoutMs: timeoutMs, sinkToken, namespace }: AdapterSettings,
) {
  const headers = namespace === undefined ? [] : ['kn-namespace', namespace];
  const token = sinkToken === undefined ? undefined : createRotatedFile(sinkToken, parseToken, clock);
  return createSink({ url, ca, token, timeoutMs, connections: IN_FLIGHT, contentMode: 'binary', headers });
}

/** Waits until the adapter has returned, or did not in time although it was asked to. */
async function endOf(
  started: Promise<void>,
  turn: AbortSignal,
  clock: Clock,
  endMs: number,
): Promise<'returned' | 'overdue'> {
  const returned = new AbortController();
  const { promise: overdue, resolve } = Promise.withResolvers<'overdue'>();
  using _asked = addAbortListener(turn, () => {
    void clock.sleep(endMs, returned.signal).then(() => resolve('overdue'));
  });
  const end = started.then((): 'returned' => 'returned').finally(() => returned.abort());
  return await Promise.race([end, overdue]);
}
