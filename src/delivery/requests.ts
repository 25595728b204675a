import type { EncodedEvent } from '../events/encode.ts';
import type { Outcome } from './outcome.ts';

/** Requests to one place. */
export interface Requests {
  /**
   * @param headers beside those of what is sent and of every request
   * @param done is called exactly once
   */
  send(sent: EncodedEvent, headers: readonly string[], done: (outcome: Outcome) => void): void;
  /** Ends all connections; what is on the wire, or sent later, fails with `reset`. */
  close(): void;
}
