import { parseRetryAfter } from '../kube/retry-after.ts';
import type { Outcome, Verdict } from './outcome.ts';

/** When to try again, and how often. Times in milliseconds. The fields are those of Knative's DeliverySpec. */
export interface RetryPolicy {
  /** Attempts after the first one; undefined: as many as it takes. */
  readonly retry: number | undefined;
  readonly backoffPolicy: 'exponential' | 'linear';
  readonly backoffDelayMs: number;
  /** The most that a Retry-After header can make us wait; 0 ignores the header. */
  readonly retryAfterMaxMs: number;
}

/** Tries for ever: while the sink is away, the API server's own history is the buffer. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  retry: undefined,
  backoffPolicy: 'exponential',
  backoffDelayMs: 500,
  retryAfterMaxMs: 300_000,
};

const LONGEST_DELAY_MS = 60_000;

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
  const reason = outcome.is === 'failed' ? outcome.reason : String(outcome.status);
  if (outcome.is === 'answered') {
    if (outcome.status >= 200 && outcome.status < 300) return { is: 'delivered' };
    if (isFinal(outcome)) return { is: 'refused', reason };
  }
  if (policy.retry !== undefined && attempt > policy.retry) return { is: 'refused', reason };
  const asked = outcome.is === 'answered' ? retryAfter(outcome.status, outcome.retryAfter, policy, now) : 0;
  const ours = backoff(attempt, policy, jitter);
  return { is: 'retry', afterMs: Math.max(asked, ours), asked: asked > ours, reason };
}

/** Whether the sink will not have what it was sent, however often it is tried. */
export function isFinal(outcome: Outcome): boolean {
  if (outcome.is === 'failed') return false;
  const { status } = outcome;
  return status >= 300 && status < 500 && !RETRIABLE_BELOW_500.has(status);
}

function retryAfter(status: number, header: string | undefined, policy: RetryPolicy, now: number): number {
  if (!OBEYS_RETRY_AFTER.has(status)) return 0;
  return Math.min(parseRetryAfter(header, now) ?? 0, policy.retryAfterMaxMs);
}

/** Between half and the whole of the step, so that many waiting events do not come back together. */
function backoff(attempt: number, policy: RetryPolicy, jitter: number): number {
  const factor = policy.backoffPolicy === 'linear' ? attempt : 2 ** Math.min(attempt - 1, 30);
  return Math.min(policy.backoffDelayMs * factor, LONGEST_DELAY_MS) * (0.5 + jitter / 2);
}
