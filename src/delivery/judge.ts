import { parseRetryAfter } from '../kube/retry-after.ts';
import type { Outcome, Verdict } from './outcome.ts';

/** When to try again, and how long a sink may ask us to stay away. Times in milliseconds. */
export interface RetryPolicy {
  readonly backoff: 'exponential' | 'linear';
  readonly delayMs: number;
  readonly longestDelayMs: number;
  readonly longestRetryAfterMs: number;
}

/** Tries for ever: while the sink is away, the API server's own history is the buffer. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  backoff: 'exponential',
  delayMs: 500,
  longestDelayMs: 60_000,
  longestRetryAfterMs: 300_000,
};

/**
 * Statuses below 500 that the Knative data-plane contract, or common sense about overload, wants tried again
 * (knative/specs, eventing/data-plane.md: 404, 409, 429; and 408, 425). All of 5xx and above are tried again too.
 */
const RETRIABLE_BELOW_500: ReadonlySet<number> = new Set([404, 408, 409, 425, 429]);
/** Statuses whose Retry-After header is obeyed. */
const OBEYS_RETRY_AFTER: ReadonlySet<number> = new Set([408, 425, 429, 503]);

/**
 * What `outcome` of the attempt number `attempt` (from 1) means. `now` is in milliseconds since the epoch, `jitter`
 * in [0, 1). Any 2xx is delivered; redirects are never followed (CloudEvents webhook specification 2.1).
 */
export function judge(outcome: Outcome, attempt: number, policy: RetryPolicy, now: number, jitter: number): Verdict {
  if (outcome.is === 'failed') {
    return { is: 'retry', afterMs: backoff(attempt, policy, jitter), reason: outcome.reason };
  }
  const { status } = outcome;
  if (status >= 200 && status < 300) return { is: 'delivered' };
  const reason = String(status);
  if (status < 500 && status >= 200 && !RETRIABLE_BELOW_500.has(status)) return { is: 'rejected', reason };
  const asked = OBEYS_RETRY_AFTER.has(status) ? parseRetryAfter(outcome.retryAfter, now) : undefined;
  const afterMs = Math.max(Math.min(asked ?? 0, policy.longestRetryAfterMs), backoff(attempt, policy, jitter));
  return { is: 'retry', afterMs, reason };
}

/** Between half and the whole of the step, so that many waiting events do not come back together. */
function backoff(attempt: number, policy: RetryPolicy, jitter: number): number {
  const step = policy.backoff === 'linear' ? policy.delayMs * attempt : policy.delayMs * 2 ** Math.min(attempt - 1, 30);
  return Math.min(step, policy.longestDelayMs) * (0.5 + jitter / 2);
}
