import type { Lanes } from '../delivery/lanes.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';

/** How long the queue may take to empty after a stop; Kubernetes kills a Pod after 30 s by default. */
const DRAIN_MS = 20_000;
/** How long streams may take to end, whose requests are aborted. */
const LONGEST_END_MS = 30_000;

/** Delivers what is queued, as far as there is time. */
export async function drain(lanes: Lanes, clock: Clock, log: Log): Promise<void> {
  const waiting = lanes.gauges().queued;
  log.info({ queued: waiting }, 'stopping: no more changes are read, queued events are delivered');
  const drained = new AbortController();
  await Promise.race([lanes.idle().then(() => drained.abort()), clock.sleep(DRAIN_MS, drained.signal)]);
  const left = lanes.gauges().queued;
  if (left > 0) log.error({ undelivered: left, drainMs: DRAIN_MS }, 'stopped before every event was delivered');
  else log.info({ delivered: waiting }, 'stopped');
}

/** Streams that went on would speak of themselves in the time of another term; then rather the process ends. */
export async function endOf(watched: Promise<void>, clock: Clock): Promise<void> {
  const ended = new AbortController();
  const late = clock.sleep(LONGEST_END_MS, ended.signal).then(() => {
    if (!ended.signal.aborted) throw new Error('The streams did not end with the Lease.');
  });
  await Promise.race([watched.finally(() => ended.abort()), late]);
}

/** Resolves with the abort. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
