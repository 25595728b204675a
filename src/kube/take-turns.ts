import { addAbortListener } from 'node:events';
import { becomeLeader, type Waiting } from './become-leader.ts';
import { KubeError } from './errors.ts';
import { type Leadership, LeadershipLost, type LeadershipOptions } from './leadership.ts';

/** What there is to say of a process that takes turns with others. */
export type TurnNews =
  | { readonly is: 'waiting'; readonly waiting: Waiting }
  | { readonly is: 'leading' }
  /** It is tried again at once; for how long it may fail says the Lease. */
  | { readonly is: 'notRenewed'; readonly error: KubeError }
  /** The work was ended, and the next turn is waited for. */
  | { readonly is: 'lost'; readonly sentence: string }
  | { readonly is: 'released' }
  /** The next one has to wait until the Lease has run out. */
  | { readonly is: 'notReleased'; readonly error: Error };

export interface TurnIo {
  readonly tell: (news: TurnNews) => void;
  /** Done while the Lease is ours. Has to end soon after `signal` is aborted, and not before. */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

/** A third of the Lease's duration, so that two renewals may fail. */
const RENEW_EVERY_MS = 5_000;
const RETRY_AFTER_MS = 1_000;
/** Where the Lease may not be read or written: a right may be granted any time. */
const FORBIDDEN_WAIT_MS = 5_000;
/** The holder stops trusting the Lease 5 s before others may take it. */
const LOOK_EVERY_MS = 500;
const RELEASE_MS = 3_000;

/** Does the work whenever the Lease is ours, until `signal` is aborted; then the Lease is given back. */
export async function takeTurns(options: LeadershipOptions, io: TurnIo, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const leadership = await waitForTurn(options, io, signal);
    if (leadership === undefined) continue;
    io.tell({ is: 'leading' });
    await lead(leadership, options, io, signal);
  }
}

async function waitForTurn(
  options: LeadershipOptions,
  { tell }: TurnIo,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  try {
    return await becomeLeader(options, (waiting) => tell({ is: 'waiting', waiting }), signal);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    tell({ is: 'waiting', waiting: { for: 'server', error } });
    await options.clock.sleep(FORBIDDEN_WAIT_MS, signal);
    return undefined;
  }
}

async function lead(
  leadership: Leadership,
  options: LeadershipOptions,
  { tell, work }: TurnIo,
  signal: AbortSignal,
): Promise<void> {
  const turn = new AbortController();
  using _ends = addAbortListener(signal, () => turn.abort());
  const end = () => turn.abort();
  const working = work(turn.signal).finally(end);
  const keeping = keep(leadership, options, tell, turn.signal).finally(end);
  await Promise.all([Promise.allSettled([working, keeping]), expiry(leadership, options, turn)]);
  await release(leadership, tell);
  const lost = await keeping;
  await working;
  if (!signal.aborted) tell({ is: 'lost', sentence: lost?.message ?? 'The Lease could not be renewed in time.' });
}

/** Renews the Lease until the turn ends, or somebody else has it. */
async function keep(
  leadership: Leadership,
  { clock }: LeadershipOptions,
  tell: TurnIo['tell'],
  signal: AbortSignal,
): Promise<LeadershipLost | undefined> {
  let waitMs = RENEW_EVERY_MS;
  for (;;) {
    await clock.sleep(waitMs, signal);
    if (signal.aborted) return undefined;
    try {
      await leadership.renew({}, signal);
      waitMs = RENEW_EVERY_MS;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof LeadershipLost) return error;
      if (!(error instanceof KubeError)) throw error;
      tell({ is: 'notRenewed', error });
      waitMs = RETRY_AFTER_MS;
    }
  }
}

/** Ends the turn when the Lease does not count any more. */
async function expiry(leadership: Leadership, { clock }: LeadershipOptions, turn: AbortController): Promise<void> {
  while (!turn.signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, turn.signal);
    if (!leadership.holds()) turn.abort();
  }
}

/** One that is lost already is not ours to give back. */
async function release(leadership: Leadership, tell: TurnIo['tell']): Promise<void> {
  if (!leadership.holds()) return;
  try {
    await leadership.release({}, AbortSignal.timeout(RELEASE_MS));
    tell({ is: 'released' });
  } catch (error) {
    if (!(error instanceof KubeError) && !(error instanceof LeadershipLost)) throw error;
    tell({ is: 'notReleased', error });
  }
}
