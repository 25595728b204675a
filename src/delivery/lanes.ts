import type { Clock } from '../process/clock.ts';
import { createFifo, type Fifo } from './fifo.ts';
import { judge, type RetryPolicy } from './judge.ts';
import type { Outcome } from './outcome.ts';

/** An event on its way. */
export interface Outgoing {
  /** The object that the event is about. Events of one object are sent one at a time and in order. */
  readonly lane: string;
  readonly id: string;
  readonly headers: string[];
  body: Uint8Array;
  /** Called once, when nothing more will be done for the event. */
  readonly settled: (settlement: Settlement) => void;
}

export type Settlement = { readonly as: 'delivered' } | { readonly as: 'dropped'; readonly reason: string };

/** Sends one event once. `done` is called exactly once; a callback, because a promise an event is dear on this path. */
export type Post = (event: Outgoing, done: (outcome: Outcome) => void) => void;

export interface LanesOptions {
  readonly post: Post;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  /** How many events may be on the wire at once. */
  readonly inFlight: number;
  /** How many bytes may be queued before {@link Lanes.room} makes its caller wait. */
  readonly bufferBytes: number;
  readonly tell: (news: DeliveryNews) => void;
  /** Ends every wait for a retry; what is not settled by then never is. */
  readonly signal: AbortSignal;
}

/** What happens on the way: attempts that did not deliver. */
export type DeliveryNews =
  | {
      readonly is: 'retrying';
      readonly event: Outgoing;
      readonly attempt: number;
      readonly reason: string;
      readonly afterMs: number;
      readonly outcome: Outcome;
    }
  | { readonly is: 'rejected'; readonly event: Outgoing; readonly reason: string; readonly outcome: Outcome };

/** Delivery in order per object and in parallel across objects, bounded in bytes. */
export interface Lanes {
  send(event: Outgoing): void;
  /** Undefined while there is room; else a promise of it. The caller waits, and so stops reading its socket. */
  room(): Promise<void> | undefined;
  /** Resolves when every event is settled. */
  idle(): Promise<void>;
  gauges(): { readonly inFlight: number; readonly queued: number; readonly queuedBytes: number };
}

interface Lane {
  readonly key: string;
  readonly queue: Fifo<Outgoing>;
  /** Attempts already made for the event at the head of the queue. */
  attempts: number;
}

/** What a queued event costs beside its body: headers, strings, the entry itself. */
const EVENT_OVERHEAD_BYTES = 1_024;

export function createLanes(options: LanesOptions): Lanes {
  const lanes = new Map<string, Lane>();
  const ready = createFifo<Lane>();
  const waitingForRoom: (() => void)[] = [];
  const waitingForIdle: (() => void)[] = [];
  let inFlight = 0;
  let queued = 0;
  let queuedBytes = 0;

  const pump = (): void => {
    while (inFlight < options.inFlight) {
      const lane = ready.shift();
      const event = lane?.queue.peek();
      if (lane === undefined || event === undefined) return;
      inFlight++;
      options.post(event, (outcome) => {
        inFlight--;
        attempted(lane, event, outcome);
        pump();
      });
    }
  };

  const attempted = (lane: Lane, event: Outgoing, outcome: Outcome): void => {
    lane.attempts++;
    const { clock, policy } = options;
    const verdict = judge(outcome, lane.attempts, policy, clock.now(), clock.random());
    switch (verdict.is) {
      case 'delivered':
        settle(lane, event, { as: 'delivered' });
        return;
      case 'rejected':
        options.tell({ is: 'rejected', event, reason: verdict.reason, outcome });
        settle(lane, event, { as: 'dropped', reason: verdict.reason });
        return;
      case 'retry':
        event.body = owned(event.body);
        options.tell({ ...verdict, is: 'retrying', event, attempt: lane.attempts, outcome });
        void retry(lane, verdict.afterMs);
    }
  };

  const retry = async (lane: Lane, afterMs: number): Promise<void> => {
    await options.clock.sleep(afterMs, options.signal);
    if (options.signal.aborted) return;
    ready.push(lane);
    pump();
  };

  const settle = (lane: Lane, event: Outgoing, settlement: Settlement): void => {
    lane.queue.shift();
    lane.attempts = 0;
    queued--;
    queuedBytes -= cost(event);
    if (lane.queue.length > 0) ready.push(lane);
    else lanes.delete(lane.key);
    event.settled(settlement);
    if (queuedBytes <= options.bufferBytes / 2) release(waitingForRoom);
    if (queued === 0) release(waitingForIdle);
  };

  return {
    send: (event) => {
      queued++;
      queuedBytes += cost(event);
      const lane = lanes.get(event.lane);
      if (lane !== undefined) {
        if (lane.attempts > 0) event.body = owned(event.body);
        lane.queue.push(event);
        return;
      }
      const opened: Lane = { key: event.lane, queue: createFifo(), attempts: 0 };
      opened.queue.push(event);
      lanes.set(event.lane, opened);
      ready.push(opened);
      pump();
    },
    room: () =>
      queuedBytes < options.bufferBytes ? undefined : new Promise((resolve) => waitingForRoom.push(resolve)),
    idle: () => (queued === 0 ? Promise.resolve() : new Promise((resolve) => waitingForIdle.push(resolve))),
    gauges: () => ({ inFlight, queued, queuedBytes }),
  };
}

function cost(event: Outgoing): number {
  return event.body.byteLength + EVENT_OVERHEAD_BYTES;
}

/**
 * A body is mostly a slice of the chunk that was read from the socket, and keeps all of it alive. An event that has
 * to wait is given bytes of its own.
 */
function owned(body: Uint8Array): Uint8Array {
  return body.buffer.byteLength > body.byteLength * 2 ? Uint8Array.from(body) : body;
}

function release(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}
