import type { Trouble } from './pace.ts';

/** What one attempt to deliver an event came to. */
export type Outcome =
  | {
      readonly is: 'answered';
      readonly status: number;
      readonly retryAfter: string | undefined;
      /** The beginning of the answer's body, where the event was not taken. */
      readonly body: Uint8Array | undefined;
    }
  | { readonly is: 'failed'; readonly reason: FailureReason; readonly detail: string };

/** Why there was no answer. The sink may have taken the event all the same, but for `token`: nothing was sent. */
export type FailureReason = 'connect' | 'tls' | 'dns' | 'timeout' | 'reset' | 'protocol' | 'token';

/** What an {@link Outcome} means for the event. */
export type Verdict =
  | { readonly is: 'delivered' }
  | {
      readonly is: 'retry';
      readonly afterMs: number;
      /** The sink named the time, and is not to be asked earlier. */
      readonly asked: boolean;
      readonly reason: string;
    }
  /** No more attempts: the sink will not have this event, or was asked as often as the policy allows. */
  | { readonly is: 'refused'; readonly reason: string };

/**
 * What an attempt that did not deliver says about the sink as a whole; undefined: that it is there, because it
 * answered about this event only.
 */
export function troubleOf(outcome: Outcome): Trouble | undefined {
  if (outcome.is === 'failed') return TROUBLES[outcome.reason];
  switch (outcome.status) {
    case 429:
    case 503:
      return 'overload';
    case 500:
    case 502:
    case 504:
      return 'failure';
    default:
      return undefined;
  }
}

const TROUBLES: Readonly<Record<FailureReason, Trouble>> = {
  connect: 'absence',
  tls: 'absence',
  dns: 'absence',
  timeout: 'overload',
  reset: 'failure',
  protocol: 'failure',
  token: 'absence',
};
