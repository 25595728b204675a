import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { Lanes } from './lanes.ts';

export interface DrainIo {
  readonly clock: Clock;
  readonly log: Log;
  /** How long the queue may take to empty. */
  readonly drainMs: number;
}

/** Delivers what is queued after a stop, as far as there is time. */
export async function drain(lanes: Pick<Lanes, 'gauges' | 'idle'>, { clock, log, drainMs }: DrainIo): Promise<void> {
  const waiting = lanes.gauges().queued;
  log.info({ queued: waiting }, 'stopping: no more changes are read, queued events are delivered');
  const drained = new AbortController();
  await Promise.race([lanes.idle().then(() => drained.abort()), clock.sleep(drainMs, drained.signal)]);
  const left = lanes.gauges().queued;
  if (left > 0) log.error({ undelivered: left, drainMs }, 'stopped before every event was delivered');
  else log.info({ delivered: waiting }, 'stopped');
}
