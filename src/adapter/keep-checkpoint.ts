import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { KubeError } from '../kube/errors.ts';
import { LeadershipLost } from '../kube/leadership.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { AdapterMetrics } from './metrics.ts';

/** What goes into the Lease beside the positions. */
export interface LeaseNotes {
  /** Whether something has to be written sooner than with the next renewal. */
  isNews(): boolean;
  /** The annotations that are to be written, and what to call once they are. */
  due(): { readonly annotations: Readonly<Record<string, string>>; readonly written: () => void };
}

export interface KeepIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AdapterMetrics;
  readonly notes: LeaseNotes;
  /** See Leadership. */
  readonly holds: () => boolean;
  /** Called after each renewal: what was held back may be sent. */
  readonly renewed: () => void;
  /** Called when the Lease shows that the server's history was replaced. */
  readonly rewound: () => void;
  /** Called after each attempt to write the index; undefined: it succeeded. */
  readonly saved: (failure: string | undefined) => void;
}

/** A third of the Lease's duration, so that two renewals may fail. */
const RENEW_EVERY_MS = 5_000;
const RETRY_AFTER_MS = 1_000;
/** Until its first position is stored, a source that is restarted begins anew. */
const FIRST_AFTER_MS = 1_000;
/** How soon news are written, and how often at the most. */
const NEWS_EVERY_MS = 1_000;
/** An API server that has just started refuses what it allows once it has read the roles; others do so for good. */
const REFUSED_FOR_MS = 10_000;
/** How long a renewal waits for the index, so that it stores the positions of this round and not of the last. */
const SAVE_PATIENCE_MS = 2_000;
/** How long the last writes may take. Without the index more is repeated; without the Lease, the next one has to wait. */
const LAST_INDEX_MS = 3_500;
const LAST_LEASE_MS = 1_500;

/**
 * Renews the Lease and stores the checkpoint until `signal` is aborted. A failed write is told and tried again, for as
 * long as it takes; the stored position then stays where it is, which costs repeats after a crash and nothing else.
 * @throws LeadershipLost
 */
export async function keepCheckpoint(checkpoint: Checkpoint, io: KeepIo, signal: AbortSignal): Promise<void> {
  const { clock, notes } = io;
  let saving: Promise<void> | undefined;
  let inTime = true;
  let refusedSince: number | undefined;
  let roundAt = clock.monotonic() + FIRST_AFTER_MS;
  while (!signal.aborted) {
    await clock.sleep(Math.min(NEWS_EVERY_MS, Math.max(0, roundAt - clock.monotonic())), signal);
    if (signal.aborted) break;
    const wokenAt = clock.monotonic();
    const isRound = wokenAt >= roundAt;
    if (!isRound && !notes.isNews() && !checkpoint.isNews()) continue;
    if (isRound) {
      // A large index takes longer to write than a Lease may wait.
      saving ??= save(checkpoint, io, signal).finally(() => (saving = undefined));
      if (inTime) await Promise.race([saving, clock.sleep(SAVE_PATIENCE_MS, signal)]);
    }
    const outcome = await renew(checkpoint, io, signal);
    inTime = outcome === 'renewed';
    refusedSince = outcome instanceof KubeError ? (refusedSince ?? clock.monotonic()) : undefined;
    if (outcome instanceof KubeError && !io.holds() && clock.monotonic() >= (refusedSince ?? 0) + REFUSED_FOR_MS) {
      // To wait would be to send nothing, perhaps for ever: whoever begins anew may find that it goes without a Lease.
      throw new LeadershipLost(outcome.message, { cause: outcome });
    }
    if (!inTime) roundAt = clock.monotonic() + RETRY_AFTER_MS;
    else if (isRound) roundAt = wokenAt + RENEW_EVERY_MS;
  }
  await saving;
}

/**
 * Stores what is settled by now and gives the Lease back. A failure is told: whoever comes next repeats what was not
 * stored, and may have to wait until the Lease has run out.
 */
export async function finishCheckpoint(checkpoint: Checkpoint, io: KeepIo): Promise<void> {
  await lastly('index', checkpoint.saveIndex('now', AbortSignal.timeout(LAST_INDEX_MS)), io);
  const released = await lastly(
    'lease',
    checkpoint.release(io.notes.due().annotations, AbortSignal.timeout(LAST_LEASE_MS)),
    io,
  );
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
    io.saved(undefined);
  } catch (error) {
    // The next renewal finds it out too.
    if (error instanceof LeadershipLost) return;
    if (!(error instanceof KubeError)) throw error;
    if (signal.aborted) return;
    io.saved(error.message);
    failed('index', error, io);
  }
}

/** @returns a refusal as it is: the Lease may not be written any more */
async function renew(
  checkpoint: Checkpoint,
  io: KeepIo,
  signal: AbortSignal,
): Promise<'renewed' | 'failed' | KubeError> {
  try {
    const { annotations, written } = io.notes.due();
    const result = await checkpoint.renew(annotations, signal);
    written();
    io.metrics.checkpointed('lease');
    if (result === 'rewound') {
      io.rewound();
      io.log.error('the API server has an older Lease than it had confirmed: its history was replaced');
    }
    io.renewed();
    return 'renewed';
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (signal.aborted) return 'failed';
    failed('lease', error, io);
    return isFinal(error) ? error : 'failed';
  }
}

function isFinal({ code, advice }: KubeError): boolean {
  return advice !== 'retry' && code !== 'conflict' && code !== 'alreadyExists';
}

function failed(what: 'index' | 'lease', error: KubeError, io: KeepIo): void {
  io.metrics.checkpointFailed(what, error.code);
  io.log.error({ what, reason: error.code, detail: error.message }, 'checkpoint not written; the stored one stays');
}
