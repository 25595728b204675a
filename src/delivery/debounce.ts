import type { CloudEvent } from '../events/cloud-event.ts';
import type { Clock } from '../process/clock.ts';
import type { Lanes, Outgoing } from './lanes.ts';

/** Holds events back, so that of several of an object that come soon after each other only the last is sent. */
export interface Debounce {
  /**
   * @param waitsMs how long newer events of the lane may take the event's place, counted from the first that waits;
   * undefined: it goes at once, and takes the place of the one that waits
   */
  send(event: Held, waitsMs: number | undefined): void;
}

/** An event that others can take the place of. */
export interface Held extends Outgoing {
  /** Called in place of `settled`, when a newer event is sent instead. */
  readonly replaced: () => void;
}

export interface DebounceOptions {
  readonly lanes: Lanes;
  readonly clock: Clock;
  /** Ends every wait: what waits goes at once. */
  readonly signal: AbortSignal;
}

interface Waiting {
  event: Held;
  readonly due: number;
}

/** What waits equally long, by lane, in the order in which it has to go. */
interface Queue {
  readonly waiting: Map<string, Waiting>;
  sleeping: boolean;
}

/** Of events that wait; beyond it the first of them goes before its time. */
const MOST_BYTES = 1024 * 1024;

export function createDebounce({ lanes, clock, signal }: DebounceOptions): Debounce {
  /** By how long their events wait; a source has few different ones. */
  const queues = new Map<number, Queue>();
  let bytes = 0;

  const queueOf = (lane: string): Queue | undefined => {
    for (const queue of queues.values()) if (queue.waiting.has(lane)) return queue;
    return undefined;
  };

  /** Takes out what waits in a lane. */
  const take = (queue: Queue | undefined, lane: string): Held | undefined => {
    const event = queue?.waiting.get(lane)?.event;
    if (event === undefined) return undefined;
    queue?.waiting.delete(lane);
    bytes -= sizeOf(event);
    return event;
  };

  const release = (queue: Queue, until: (due: number) => boolean): void => {
    for (const [lane, { due }] of queue.waiting) {
      if (!until(due)) return;
      const event = take(queue, lane);
      if (event !== undefined) lanes.send(event);
    }
  };

  const sleep = async (queue: Queue): Promise<void> => {
    queue.sleeping = true;
    const oldest = () => queue.waiting.values().next().value;
    for (let first = oldest(); first !== undefined && !signal.aborted; first = oldest()) {
      await clock.sleep(Math.max(0, first.due - clock.monotonic()), signal);
      release(queue, (due) => due <= clock.monotonic());
    }
    queue.sleeping = false;
  };

  const hold = (event: Held, waitsMs: number): void => {
    const held = { ...event, event: owned(event.event) };
    bytes += sizeOf(held);
    const before = queueOf(event.lane)?.waiting.get(event.lane);
    if (before !== undefined) {
      bytes -= sizeOf(before.event);
      before.event.replaced();
      before.event = held;
      return;
    }
    const queue = queues.get(waitsMs) ?? { waiting: new Map<string, Waiting>(), sleeping: false };
    queues.set(waitsMs, queue);
    queue.waiting.set(event.lane, { event: held, due: clock.monotonic() + waitsMs });
    if (!queue.sleeping) void sleep(queue);
  };

  signal.addEventListener(
    'abort',
    () => {
      for (const queue of queues.values()) release(queue, () => true);
    },
    { once: true },
  );

  return {
    send: (event, waitsMs) => {
      if (waitsMs === undefined || signal.aborted) {
        take(queueOf(event.lane), event.lane)?.replaced();
        lanes.send(event);
        return;
      }
      hold(event, waitsMs);
      for (const queue of queues.values()) release(queue, () => bytes > MOST_BYTES);
    },
  };
}

function sizeOf({ event }: Held): number {
  return event.data?.byteLength ?? 0;
}

/** The data is mostly a slice of what was read from a socket, and would keep all of that alive. */
function owned(event: CloudEvent): CloudEvent {
  return event.data === undefined ? event : { ...event, data: new Uint8Array(event.data) };
}
