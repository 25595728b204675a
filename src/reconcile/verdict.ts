import { KubeError } from '../kube/errors.ts';

/** What is to be done about a reconcile that threw. */
export type Verdict =
  /** Again after a wait that grows, or after `atLeastMs` where that is longer. */
  | { readonly is: 'retry'; readonly reason: string; readonly atLeastMs: number }
  /** The API server will not have what is asked for: somebody has to change something first. */
  | { readonly is: 'refused'; readonly reason: string }
  /** Nobody threw this on purpose. */
  | { readonly is: 'bug' }
  /** We were asked to stop. */
  | { readonly is: 'ended' };

/**
 * A reconcile reads anew what it decides by, so more may help it than helps a single request: also after a conflict,
 * an object that exists by now or a version that has expired it is tried again soon.
 *
 * @param ending whether we were asked to stop
 */
export function judgeFailure(error: unknown, ending: boolean): Verdict {
  if (!(error instanceof KubeError)) return { is: 'bug' };
  const { code, advice, retryAfterMs: atLeastMs = 0 } = error;
  switch (code) {
    case 'aborted':
      return ending ? { is: 'ended' } : { is: 'retry', reason: code, atLeastMs };
    case 'conflict':
    case 'alreadyExists':
    case 'expired':
      return { is: 'retry', reason: code, atLeastMs };
    default:
      return advice === 'giveUp' ? { is: 'refused', reason: code } : { is: 'retry', reason: code, atLeastMs };
  }
}
