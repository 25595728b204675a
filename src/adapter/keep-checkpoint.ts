import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { KubeError } from '../kube/errors.ts';
import { LeadershipLost } from '../kube/leadership.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { AdapterMetrics } from './metrics.ts';

export interface KeepIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AdapterMetrics;
  /** Called after each renewal: what was held back may be sent. */
  readonly renewed: () => void;
  /** Called when the Lease shows that the server's history was replaced. */
  readonly rewound: () => void;
}

/** A third of the Lease's duration, so that two renewals may fail. */
const RENEW_EVERY_MS = 5_000;
const RETRY_AFTER_MS = 1_000;
/** Until its first position is stored, a source that is restarted begins anew. */
const FIRST_AFTER_MS = 1_000;
/** How long a renewal waits for the index, so that it stores the positions of this round and not of the last. */
const SAVE_PATIENCE_MS = 2_000;
/** How long the last writes may take. Without the index more is repeated; without the Lease, the next one has to wait. */
const LAST_INDEX_MS = 3_500;
const LAST_LEASE_MS = 1_500;

/**
 * Renews the Lease and stores the checkpoint until `signal` is aborted. A failed write is told and tried again; the
 * stored position then stays where it is, which costs repeats after a crash and nothing else.
 * @throws LeadershipLost
 */
export async function keepCheckpoint(checkpoint: Checkpoint, io: KeepIo, signal: AbortSignal): Promise<void> {
  const { clock } = io;
  let saving: Promise<void> | undefined;
  let inTime = true;
  let waitMs = FIRST_AFTER_MS;
  while (!signal.aborted) {
    await clock.sleep(waitMs, signal);
    if (signal.aborted) break;
    const wokenAt = clock.monotonic();
    // A large index takes longer to write than a Lease may wait.
    saving ??= save(checkpoint, io, signal).finally(() => (saving = undefined));
    if (inTime) await Promise.race([saving, clock.sleep(SAVE_PATIENCE_MS, signal)]);
    inTime = await renew(checkpoint, io, signal);
    waitMs = inTime ? Math.max(0, wokenAt + RENEW_EVERY_MS - clock.monotonic()) : RETRY_AFTER_MS;
  }
  await saving;
}

/**
 * Stores what is settled by now and gives the Lease back. A failure is told: whoever comes next repeats what was not
 * stored, and may have to wait until the Lease has run out.
 */
export async function finishCheckpoint(checkpoint: Checkpoint, io: KeepIo): Promise<void> {
  await lastly('index', checkpoint.saveIndex('now', AbortSignal.timeout(LAST_INDEX_MS)), io);
  const released = await lastly('lease', checkpoint.release(AbortSignal.timeout(LAST_LEASE_MS)), io);
  if (released) io.log.info('checkpoint stored and Lease released');
}

async function lastly(what: 'index' | 'lease', write: Promise<void>, io: KeepIo): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof KubeError) failed(what, error, io);
    else if (error instanceof LeadershipLost) io.log.warn({ detail: error.message }, 'Lease was lost before the end');
    else throw error;
    return false;
  }
}

async function save(checkpoint: Checkpoint, io: KeepIo, signal: AbortSignal): Promise<void> {
  try {
    await checkpoint.saveIndex('whenDue', signal);
  } catch (error) {
    // The next renewal finds it out too, and ends it all.
    if (error instanceof LeadershipLost) return;
    if (!(error instanceof KubeError)) throw error;
    if (!signal.aborted) failed('index', error, io);
  }
}

async function renew(checkpoint: Checkpoint, io: KeepIo, signal: AbortSignal): Promise<boolean> {
  try {
    const result = await checkpoint.renew(signal);
    io.metrics.checkpointed('lease');
    if (result === 'rewound') {
      io.rewound();
      io.log.error('the API server has an older Lease than it had confirmed: its history was replaced');
    }
    io.renewed();
    return true;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (!signal.aborted) failed('lease', error, io);
    return false;
  }
}

function failed(what: 'index' | 'lease', error: KubeError, io: KeepIo): void {
  io.metrics.checkpointFailed(what, error.code);
  io.log.error({ what, reason: error.code, detail: error.message }, 'checkpoint not written; the stored one stays');
}
