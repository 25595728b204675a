import { KubeError } from '../../../kube/errors.ts';
import { type Leadership, LeadershipLost } from '../../../kube/leadership.ts';
import type { Clock } from '../../../process/clock.ts';
import type { Log } from '../../../process/log.ts';

/** What is written on the Lease. */
export interface LeaseNote {
  /** Differs when there is something new to write. */
  readonly version: () => string;
  readonly annotations: () => Readonly<Record<string, string>>;
}

const RENEW_EVERY_MS = 5_000;
/** After something was settled: a crash repeats what is not written down. */
const WRITE_AFTER_MS = 1_000;
const RETRY_AFTER_MS = 1_000;
const RELEASE_MS = 5_000;

/** Renews the Lease and writes down what was fired, until `signal` is aborted or the Lease is lost. */
export async function keepLease(
  leadership: Pick<Leadership, 'renew'>,
  note: LeaseNote,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<'kept' | 'lost'> {
  let last = '';
  let renewedAt = clock.monotonic();
  let failing = false;
  while (!signal.aborted) {
    await clock.sleep(WRITE_AFTER_MS, signal);
    if (signal.aborted) break;
    const version = note.version();
    if (version === last && clock.monotonic() - renewedAt < RENEW_EVERY_MS && !failing) continue;
    try {
      await leadership.renew(note.annotations(), signal);
      [last, renewedAt] = [version, clock.monotonic()];
      if (failing) log.info('Lease renewed; events are sent again');
      failing = false;
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof LeadershipLost) {
        log.error({ detail: error.message }, 'Lease lost; nothing more is sent until it is this replica’s turn again');
        return 'lost';
      }
      if (!(error instanceof KubeError)) throw error;
      failing = true;
      log.warn({ reason: error.code, detail: error.message }, 'Lease not renewed; it is tried again');
      await clock.sleep(RETRY_AFTER_MS, signal);
    }
  }
  return 'kept';
}

/** Gives the Lease back with what is to be remembered, so that the next replica fires at once. */
export async function giveBack(
  leadership: Pick<Leadership, 'release'>,
  annotations: Readonly<Record<string, string>>,
  log: Log,
): Promise<void> {
  try {
    await leadership.release(annotations, AbortSignal.timeout(RELEASE_MS));
  } catch (error) {
    if (!(error instanceof LeadershipLost || error instanceof KubeError)) throw error;
    log.warn({ detail: error.message }, 'Lease was lost before the end');
  }
}
