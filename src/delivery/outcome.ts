/** What one attempt to deliver an event came to. */
export type Outcome =
  | { readonly is: 'answered'; readonly status: number; readonly retryAfter: string | undefined }
  | { readonly is: 'failed'; readonly reason: FailureReason; readonly detail: string };

/** Why there was no answer. The sink may have taken the event all the same. */
export type FailureReason = 'connect' | 'tls' | 'dns' | 'timeout' | 'reset' | 'protocol';

/** What an {@link Outcome} means for the event. */
export type Verdict =
  | { readonly is: 'delivered' }
  | { readonly is: 'retry'; readonly afterMs: number; readonly reason: string }
  /** The sink will not have this event, however often it is sent. */
  | { readonly is: 'rejected'; readonly reason: string };
