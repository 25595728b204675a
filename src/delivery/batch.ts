import type { CloudEvent } from '../events/cloud-event.ts';
import type { Clock } from '../process/clock.ts';
import { isFinal } from './judge.ts';
import { type Outcome, troubleOf } from './outcome.ts';
import type { Post } from './sink.ts';

/** Sends events in one request, once. `done` is called exactly once. */
type PostAll = (events: readonly CloudEvent[], done: (outcome: Outcome) => void) => void;

interface BatchesOptions {
  readonly postAll: PostAll;
  readonly clock: Clock;
}

/** Gathers events that are sent one by one into requests of several. */
export interface Batches {
  readonly post: Post;
  /** Sends what is gathered now; from then on nothing is gathered. */
  close(): void;
}

/** While an answer is awaited, events wait for more of them, but no longer than nobody minds. */
const LINGER_MS = 5;
/** As many as may be on the wire at all. */
const MOST_EVENTS = 64;
/** Of data. Many servers take no body of more than 1 MiB without being told to. */
const MOST_BYTES = 512 * 1024;

interface Waiting {
  readonly event: CloudEvent;
  readonly done: (outcome: Outcome) => void;
}

/** Whether a single one of the events can be the reason: a refusal, or what a sink does that breaks on it. */
function isOfOne(outcome: Outcome): boolean {
  return isFinal(outcome) || troubleOf(outcome) === 'failure';
}

interface Batch {
  readonly waiting: Waiting[];
  bytes: number;
}

/**
 * Events that are posted in one turn go together, at the end of the turn; and while an answer is awaited, those of at
 * most {@link LINGER_MS}. What the answer says is said of each of them, so that each is delivered, or tried again by its
 * own count. Only when one event could have brought it about, several are sent again, each by itself: one that the sink
 * cannot stomach must not take the others with it.
 */
export function createBatches({ postAll, clock }: BatchesOptions): Batches {
  const closing = new AbortController();
  let current: Batch = { waiting: [], bytes: 0 };
  let awaited = 0;

  const send = (waiting: readonly Waiting[]): void => {
    awaited++;
    const events = waiting.map(({ event }) => event);
    postAll(events, (outcome) => {
      awaited--;
      if (waiting.length > 1 && isOfOne(outcome)) for (const one of waiting) send([one]);
      else for (const { done } of waiting) done(outcome);
      if (awaited === 0) atEndOfTurn(current);
    });
  };

  const flush = (batch: Batch): void => {
    if (batch !== current || batch.waiting.length === 0) return;
    current = { waiting: [], bytes: 0 };
    send(batch.waiting);
  };

  const atEndOfTurn = (batch: Batch): void => queueMicrotask(() => flush(batch));

  return {
    post: (event, done) => {
      const bytes = event.data?.byteLength ?? 0;
      if (current.bytes + bytes > MOST_BYTES) flush(current);
      const batch = current;
      batch.waiting.push({ event, done });
      batch.bytes += bytes;
      if (batch.waiting.length === MOST_EVENTS || closing.signal.aborted) flush(batch);
      else if (batch.waiting.length > 1) return;
      else if (awaited === 0) atEndOfTurn(batch);
      else void clock.sleep(LINGER_MS, closing.signal).then(() => flush(batch));
    },
    close: () => {
      closing.abort();
      flush(current);
    },
  };
}
