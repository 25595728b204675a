import { createLanes, type DeliveryNews, type Lanes, type LanesOptions } from '../../src/delivery/lanes.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import type { Sink } from '../../src/delivery/sink.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';

/** What was sent to a sink, to be answered when the test says so. */
export interface Attempt {
  readonly event: CloudEvent;
  answer(outcome: Outcome): Promise<void>;
}

/** A sink that keeps what it is sent. */
export interface ScriptedSink extends Sink {
  readonly attempts: readonly Attempt[];
  /** The ids of all attempts, in their order. */
  ids(): string[];
  /** The attempts that have no answer yet, the oldest first. */
  open(): Attempt[];
  /** Answers the oldest attempts that have no answer yet, as many as there are outcomes. */
  answer(...outcomes: Outcome[]): Promise<void>;
}

export interface Stage {
  readonly lanes: Lanes;
  readonly clock: FakeClock;
  readonly sink: ScriptedSink;
  readonly deadLetterSink: ScriptedSink;
  readonly news: readonly DeliveryNews[];
  /** What became of the events, in their order: `a1 delivered`. */
  readonly settled: readonly string[];
  /** Sends an event into the lane that its id starts with: `a1` into `a`. */
  send(id: string, data?: Uint8Array): void;
  stop(): Promise<void>;
}

/** What an event costs beside its data. */
export const OVERHEAD = 1_024;

/** Lanes with a scripted sink and a clock that stands still; jitter is the least. */
export function stage(options: Partial<LanesOptions> & { deadLetters?: boolean } = {}): Stage {
  const { deadLetters = false, ...more } = options;
  const clock = fakeClock();
  const sink = scriptedSink('http://sink.test/', clock);
  const deadLetterSink = scriptedSink('http://letters.test/', clock);
  const news: DeliveryNews[] = [];
  const settled: string[] = [];
  const stop = new AbortController();
  const lanes = createLanes({
    sink,
    deadLetterSink: deadLetters ? deadLetterSink : undefined,
    policy: { retry: undefined, backoffPolicy: 'exponential', backoffDelayMs: 500, retryAfterMaxMs: 300_000 },
    clock,
    inFlight: 128,
    bufferBytes: 1_000_000,
    maySend: () => true,
    tell: (it) => news.push(it),
    signal: stop.signal,
    ...more,
  });
  return {
    lanes,
    clock,
    sink,
    deadLetterSink,
    news,
    settled,
    send: (id, data = Buffer.from('{}')) => {
      const event = { id, source: '/s', type: 't', extensions: { kind: 'Pod' }, data };
      lanes.send({ lane: id.slice(0, 1), event, settled: (as) => settled.push(`${id} ${as}`) });
    },
    stop: async () => {
      stop.abort();
      await clock.advance(0);
    },
  };
}

function scriptedSink(url: string, clock: FakeClock): ScriptedSink {
  const attempts: Attempt[] = [];
  const open = new Map<Attempt, (outcome: Outcome) => void>();
  const answerTo = async (attempt: Attempt | undefined, outcome: Outcome): Promise<void> => {
    const done = attempt === undefined ? undefined : open.get(attempt);
    if (attempt === undefined || done === undefined) throw new Error(`${url} has no such attempt without an answer.`);
    open.delete(attempt);
    done(outcome);
    // Whoever was woken goes on.
    await clock.advance(0);
  };
  return {
    url: new URL(url),
    attempts,
    ids: () => attempts.map(({ event }) => event.id),
    open: () => [...open.keys()],
    answer: async (...outcomes) => {
      for (const outcome of outcomes) await answerTo(open.keys().next().value, outcome);
    },
    post: (event, done) => {
      const attempt: Attempt = { event, answer: (outcome) => answerTo(attempt, outcome) };
      attempts.push(attempt);
      open.set(attempt, done);
    },
    close: async () => undefined,
  };
}
