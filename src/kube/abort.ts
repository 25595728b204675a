import { addAbortListener } from 'node:events';
import { KubeError } from './errors.ts';

/**
 * The outcome of work that others wait for too, so that giving up must not end it.
 *
 * @throws KubeError `aborted`, when the signal is first
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new KubeError('aborted', 'The wait was aborted.', { cause: signal.reason }));
  using _listener = addAbortListener(signal, giveUp);
  return await Promise.race([work, givenUp]);
}
