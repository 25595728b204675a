import { addAbortListener } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ending } from './processes.ts';

/** The demo cannot go on. The message is for its user: what went wrong, and what to do. */
export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
}

/** The user ended the demo. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A process ended that the demo needs. `meaning` says what follows from that. */
export function processDied(name: string, meaning: string, { how, lastLines }: Ending): DemoFailed {
  const said = lastLines.length === 0 ? 'It printed nothing.' : `Its last lines:\n\n${lastLines.join('\n')}`;
  return new DemoFailed(`${name} ended with ${how}. ${meaning}\n${said}`);
}

/** Throws what `startControlPlane` rejects with as a {@link DemoFailed}: its messages are complete by themselves. */
export function controlPlaneFailed(cause: unknown): never {
  throw new DemoFailed(cause instanceof Error ? cause.message : String(cause), { cause });
}

/** The outcome of work; but when `signal` is aborted first, throws the reason of that. */
export async function unlessEnding<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: ending, reject } = Promise.withResolvers<never>();
  using _listener = addAbortListener(signal, () => reject(signal.reason));
  return await Promise.race([work, ending]);
}

/** The outcome of work; but throws what `late` makes when that takes longer than `ms` milliseconds. */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  const inTime = new AbortController();
  const limit = delay(ms, undefined, { signal: inTime.signal }).then(() => {
    throw late();
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    inTime.abort();
  }
}
