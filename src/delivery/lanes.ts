import type { CloudEvent } from '../events/cloud-event.ts';
import type { Clock } from '../process/clock.ts';
import { cost, createBacklog } from './backlog.ts';
import { deadLetter } from './dead-letter.ts';
import { createSweptMap } from '../process/swept-map.ts';
import { createFifo } from './fifo.ts';
import { judge, type RetryPolicy } from './judge.ts';
import { type Outcome, troubleOf } from './outcome.ts';
import { owned } from './own-bytes.ts';
import { createPace, type Pace, type Trouble } from './pace.ts';
import type { Sink } from './sink.ts';

/** An event on its way. */
export interface Outgoing {
  /** The object that the event is about. Events of one object are sent one at a time and in order. */
  readonly lane: string;
  readonly event: CloudEvent;
  /** Called once, when nothing more will be done for the event. */
  readonly settled: (settlement: Settlement) => void;
}

export type Settlement = 'delivered' | 'deadLettered' | 'dropped';

export interface LanesOptions {
  readonly sink: Sink;
  /** Where events go that the sink refuses; undefined: they are dropped and told. */
  readonly deadLetterSink: Sink | undefined;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  /** How many events may be on the wire at once, at the most. */
  readonly inFlight: number;
  /** How many bytes may be queued before {@link Lanes.room} makes its caller wait. */
  readonly bufferBytes: number;
  /** Asked before each attempt; while it says no, nothing is sent. */
  readonly maySend: () => boolean;
  readonly tell: (news: DeliveryNews) => void;
  /** Ends every wait; what is not settled by then never is. */
  readonly signal: AbortSignal;
}

export type SinkName = 'sink' | 'deadLetterSink';

/** What happens on the way, apart from deliveries. */
export type DeliveryNews =
  | {
      readonly is: 'retrying';
      readonly event: CloudEvent;
      readonly by: SinkName;
      readonly attempt: number;
      readonly reason: string;
      readonly afterMs: number;
      readonly outcome: Outcome;
    }
  /** The sink, or the dead letter sink, will not have the event. */
  | {
      readonly is: 'refused';
      readonly event: CloudEvent;
      readonly by: SinkName;
      readonly reason: string;
    }
  /** So much failed in a row that only single events are tried now. */
  | { readonly is: 'away' }
  | { readonly is: 'back' };

/** Delivery in order per object and in parallel across objects, bounded in bytes. */
export interface Lanes {
  send(event: Outgoing): void;
  /** Undefined while there is room, and after an abort; else a promise of it. Whoever waits stops reading its socket. */
  room(): Promise<void> | undefined;
  /** To be called when `maySend` says yes again. */
  wake(): void;
  /** Resolves when every event is settled, or with the abort. */
  idle(): Promise<void>;
  gauges(): { readonly inFlight: number; readonly queued: number; readonly queuedBytes: number };
}

/** The events of one object, linked: most lanes hold one event. Without one it is of no use until the next comes. */
interface Lane {
  readonly key: string;
  head: Entry | undefined;
  tail: Entry | undefined;
  /** Attempts already made for the event at the head. */
  attempts: number;
  /** The event at the head goes to the dead letter sink. */
  dead: boolean;
  length: number;
  /** What its events count in the backlog. */
  bytes: number;
  /** The event at the head was tried in vain, or is a dead letter: the others have to wait for who knows how long. */
  stuck: boolean;
}

interface Entry {
  event: CloudEvent;
  readonly settled: Outgoing['settled'];
  next: Entry | undefined;
}

/** How many dead letters may be on the wire at once: their sink has a pace of its own, and holds up nothing else. */
const MOST_DEAD_LETTERS = 16;

export function createLanes(options: LanesOptions): Lanes {
  const { clock, signal, tell } = options;
  const lanes = createSweptMap<Lane>(({ head }) => head === undefined);
  const ready = createFifo<Lane>();
  /** Those whose head is a dead letter. */
  const readyDead = createFifo<Lane>();
  /** Lanes that rest before their next attempt and may be woken, each with the end of its rest. */
  const resting = new Map<Lane, AbortController>();
  const pace: Pace = createPace(options.inFlight);
  const backlog = createBacklog({ ...options, isAway: () => pace.untilProbe(clock.monotonic()) !== undefined });
  let inFlight = 0;
  let deadInFlight = 0;
  const mostDead = Math.min(MOST_DEAD_LETTERS, options.inFlight);

  const allowed = (): number => pace.allowed(clock.monotonic(), inFlight);

  const pump = (): void => {
    while (ready.length > 0 && !signal.aborted && inFlight < allowed() && options.maySend()) {
      const lane = ready.shift();
      if (lane?.head !== undefined) post(lane, lane.head);
    }
    const { deadLetterSink } = options;
    if (deadLetterSink === undefined) return;
    while (readyDead.length > 0 && !signal.aborted && deadInFlight < mostDead && options.maySend()) {
      const lane = readyDead.shift();
      if (lane?.head !== undefined) postDead(deadLetterSink, lane, lane.head);
    }
  };

  const enqueue = (lane: Lane): void => (lane.dead ? readyDead : ready).push(lane);

  const postDead = (sink: Sink, lane: Lane, outgoing: Entry): void => {
    const sentAt = clock.monotonic();
    deadInFlight++;
    sink.post(outgoing.event, (outcome) => {
      deadInFlight--;
      if (signal.aborted) return;
      attempted(lane, outgoing, outcome, sentAt, false);
      pump();
    });
  };

  const post = (lane: Lane, outgoing: Entry): void => {
    const sentAt = clock.monotonic();
    inFlight++;
    options.sink.post(outgoing.event, (outcome) => {
      const wasFull = inFlight >= pace.allowed(sentAt, 0);
      inFlight--;
      if (signal.aborted) return;
      attempted(lane, outgoing, outcome, sentAt, wasFull);
      pump();
    });
  };

  const attempted = (lane: Lane, outgoing: Entry, outcome: Outcome, sentAt: number, wasFull: boolean): void => {
    if (outcome.is === 'failed' && !options.maySend()) {
      // Cut off by us, most likely: it says nothing about the sink, and is not the event's fault.
      ownBytes(lane);
      enqueue(lane);
      return;
    }
    lane.attempts++;
    const by = lane.dead ? 'deadLetterSink' : 'sink';
    // A dead letter has nowhere else to go, so it is tried for as long as it takes.
    const policy = lane.dead ? { ...options.policy, retry: undefined } : options.policy;
    const verdict = judge(outcome, lane.attempts, policy, clock.now(), clock.random());
    if (!lane.dead) heed(lane, verdict.is === 'delivered' ? undefined : troubleOf(outcome), sentAt, wasFull);
    if (verdict.is === 'delivered') {
      settle(lane, outgoing, lane.dead ? 'deadLettered' : 'delivered');
      return;
    }
    if (verdict.is === 'retry') {
      hold(lane);
      tell({ ...verdict, is: 'retrying', event: outgoing.event, by, attempt: lane.attempts, outcome });
      void rest(lane, verdict.afterMs, verdict.asked);
      return;
    }
    tell({ is: 'refused', event: outgoing.event, by, reason: verdict.reason });
    if (lane.dead || options.deadLetterSink === undefined) {
      settle(lane, outgoing, 'dropped');
      return;
    }
    outgoing.event = deadLetter(outgoing.event, options.sink.url, outcome);
    lane.attempts = 0;
    lane.dead = true;
    hold(lane);
    enqueue(lane);
  };

  /** The lane has to wait, so its events keep no more memory than they need, and hold up nobody. */
  const hold = (lane: Lane): void => {
    ownBytes(lane);
    if (lane.stuck) return;
    lane.stuck = true;
    backlog.stick(lane.length, lane.bytes);
  };

  /** What an attempt says about the sink. Of the dead letter sink nothing is concluded: it must not hold up the other. */
  const heed = (lane: Lane, trouble: Trouble | undefined, sentAt: number, wasFull: boolean): void => {
    if (trouble === undefined) {
      if (pace.answered(wasFull)) sinkIsBack();
      return;
    }
    if (pace.failed(trouble, lane.key, sentAt, clock.monotonic(), clock.random())) {
      tell({ is: 'away' });
      backlog.widen();
    }
    scheduleProbe();
  };

  /** @param asked the sink itself said when to come back, so nothing wakes the lane sooner */
  const rest = async (lane: Lane, ms: number, asked: boolean): Promise<void> => {
    const woken = new AbortController();
    // The dead letter sink is away for reasons of its own.
    if (!asked && !lane.dead) resting.set(lane, woken);
    await clock.sleep(ms, AbortSignal.any([signal, woken.signal]));
    resting.delete(lane);
    if (signal.aborted) return;
    enqueue(lane);
    pump();
  };

  let probeScheduled = false;
  const scheduleProbe = (): void => {
    const ms = pace.untilProbe(clock.monotonic());
    if (ms === undefined || probeScheduled) return;
    probeScheduled = true;
    void clock.sleep(ms, signal).then(() => {
      probeScheduled = false;
      if (signal.aborted) return;
      // Before anything is sent: a timer may fire a little early, and what is not due now may be due in a moment.
      const isDue = pace.untilProbe(clock.monotonic()) === 0;
      // Somebody has to ask, even if every lane rests.
      if (ready.length === 0) resting.values().next().value?.abort();
      pump();
      // A probe that is due and has nothing to send waits for the lane that comes next, which pumps.
      if (inFlight === 0 && !isDue) scheduleProbe();
    });
  };

  /** Those who rested because the sink was away have no more reason to. */
  const sinkIsBack = (): void => {
    tell({ is: 'back' });
    for (const woken of resting.values()) woken.abort();
  };

  const settle = (lane: Lane, outgoing: Entry, settlement: Settlement): void => {
    if (lane.stuck) backlog.stick(-lane.length, -lane.bytes);
    lane.attempts = 0;
    lane.dead = false;
    lane.stuck = false;
    lane.length--;
    lane.bytes -= cost(outgoing.event);
    lane.head = outgoing.next;
    if (lane.head === undefined) lane.tail = undefined;
    else ready.push(lane);
    outgoing.settled(settlement);
    backlog.remove(outgoing.event);
  };

  signal.addEventListener('abort', backlog.end, { once: true });
  if (signal.aborted) backlog.end();

  return {
    send: ({ lane: key, event, settled }) => {
      backlog.add(event);
      let lane = lanes.get(key);
      if (lane === undefined) {
        lane = { key, head: undefined, tail: undefined, attempts: 0, dead: false, length: 0, bytes: 0, stuck: false };
        lanes.set(key, lane);
      }
      // Who knows how long it will wait.
      const entry: Entry = { event: lane.stuck ? owned(event) : event, settled, next: undefined };
      if (lane.tail !== undefined) {
        lane.tail.next = entry;
        lane.tail = entry;
        lane.length++;
        lane.bytes += cost(event);
        if (lane.stuck) backlog.stick(1, cost(event));
        return;
      }
      lane.head = entry;
      lane.tail = entry;
      lane.length = 1;
      lane.bytes = cost(event);
      ready.push(lane);
      pump();
    },
    room: backlog.room,
    wake: pump,
    idle: backlog.idle,
    gauges: () => ({ inFlight: inFlight + deadInFlight, queued: backlog.events, queuedBytes: backlog.bytes }),
  };
}

function ownBytes(lane: Lane): void {
  for (let entry: Entry | undefined = lane.head; entry !== undefined; entry = entry.next)
    entry.event = owned(entry.event);
}
