import type { Leadership } from '../kube/leadership.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';

export interface HoldIo {
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the Lease is not surely ours any more, and when it is again. */
  readonly held: (yes: boolean) => void;
}

/** Much less than the 5 s between the moment when we do not hold a Lease any more and the one when others may. */
const LOOK_EVERY_MS = 500;

/**
 * Tells when the hold on a Lease ends and comes back, until `signal` is aborted. It ends by time alone, also while a
 * renewal waits for its answer.
 */
export async function watchHold(leadership: Pick<Leadership, 'holds'>, io: HoldIo, signal: AbortSignal): Promise<void> {
  const { clock, log, held } = io;
  let holds = true;
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    if (signal.aborted || leadership.holds() === holds) continue;
    holds = !holds;
    if (holds) log.info('Lease renewed; events are sent again');
    else log.warn('Lease could not be renewed in time; nothing is sent until it is');
    held(holds);
  }
}
