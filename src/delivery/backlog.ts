import type { CloudEvent } from '../events/cloud-event.ts';

/** What is queued, and who waits until it is less. */
export interface Backlog {
  readonly events: number;
  /** Memory that the events take, about. */
  readonly bytes: number;
  add(event: CloudEvent): void;
  /** The event is settled. */
  remove(event: CloudEvent): void;
  /** So many of the events are stuck, or with numbers below 0 no longer: they wait for who knows how long. */
  stick(events: number, bytes: number): void;
  /** The sink is away, so that more may be queued. */
  widen(): void;
  /** Undefined while there is room; else a promise of it. */
  room(): Promise<void> | undefined;
  /** Resolves when nothing is queued. */
  idle(): Promise<void>;
  /** Nobody is to wait any more, now or later. */
  end(): void;
}

export interface BacklogOptions {
  readonly bufferBytes: number;
  /** How many events may be on the wire, at the most. */
  readonly inFlight: number;
  readonly isAway: () => boolean;
}

/**
 * How many events may be queued for each that may be on the wire, while the sink takes them. Enough to find events of
 * so many different objects; more would only make them old, and old garbage is dear to collect.
 */
const QUEUED_PER_FLIGHT = 2;
/** What a queued event costs beside its body: attributes, its place in the queue. */
const EVENT_OVERHEAD_BYTES = 1_024;

export function createBacklog({ bufferBytes, inFlight, isAway }: BacklogOptions): Backlog {
  const forRoom: (() => void)[] = [];
  const forNone: (() => void)[] = [];
  let events = 0;
  let bytes = 0;
  let stuck = 0;
  let stuckBytes = 0;
  let ended = false;

  /**
   * Whether so much may be queued: little of what the sink takes, and all there is memory for while it is away. What
   * is stuck counts only in memory, or one object would hold up all others by its changes.
   */
  const mayQueue = (manyBytes: number, manyEvents: number): boolean =>
    manyBytes <= bufferBytes && (manyEvents <= inFlight * QUEUED_PER_FLIGHT || isAway());
  const hasRoom = (): boolean => mayQueue(bytes + 1, events - stuck + 1);
  /** Who waits goes on when half of what moves is gone, or it would stop and go with each event. */
  const releaseIfHalfEmpty = (): void => {
    if (forRoom.length > 0 && mayQueue(stuckBytes + (bytes - stuckBytes) * 2, (events - stuck) * 2)) release(forRoom);
  };

  return {
    get events() {
      return events;
    },
    get bytes() {
      return bytes;
    },
    add: (event) => {
      events++;
      bytes += cost(event);
    },
    remove: (event) => {
      events--;
      bytes -= cost(event);
      releaseIfHalfEmpty();
      if (events === 0) release(forNone);
    },
    stick: (more, moreBytes) => {
      stuck += more;
      stuckBytes += moreBytes;
      releaseIfHalfEmpty();
    },
    widen: () => {
      if (hasRoom()) release(forRoom);
    },
    room: () => (ended || hasRoom() ? undefined : new Promise((resolve) => forRoom.push(resolve))),
    idle: () => (ended || events === 0 ? Promise.resolve() : new Promise((resolve) => forNone.push(resolve))),
    end: () => {
      ended = true;
      release(forRoom);
      release(forNone);
    },
  };
}

/** Memory that a queued event takes, about. */
export function cost(event: CloudEvent): number {
  return (event.data?.byteLength ?? 0) + EVENT_OVERHEAD_BYTES;
}

function release(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}
