import type { Clock } from '../process/clock.ts';

/** How long streams may take to end, whose requests are aborted. */
const LONGEST_END_MS = 30_000;

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
