import type { CloudEvent } from '../events/cloud-event.ts';
import type { Clock } from '../process/clock.ts';
import type { Lanes, Outgoing } from './lanes.ts';

/** Holds events back, so that of several of an object that come soon after each other only the last is sent. */
export interface Debounce {
  /**
   * @param waits whether newer events of the lane may take the event's place; else it goes at once, and takes the place
   * of the one that waits
   */
  send(event: Held, waits: boolean): void;
}

/** An event that others can take the place of. */
export interface Held extends Outgoing {
  /** Called in place of `settled`, when a newer event is sent instead. */
  readonly replaced: () => void;
}

export interface DebounceOptions {
  readonly lanes: Lanes;
  readonly clock: Clock;
  /** From the first event that waits to when the last one goes, so that nothing waits for longer. */
  readonly windowMs: number;
  /** Ends every wait: what waits goes at once. */
  readonly signal: AbortSignal;
}

/** Of events that wait; beyond it the first of them goes before its time. */
const MOST_BYTES = 1024 * 1024;

export function createDebounce({ lanes, clock, windowMs, signal }: DebounceOptions): Debounce {
  /** By lane, in the order in which they have to go. */
  const waiting = new Map<string, { event: Held; readonly due: number }>();
  let bytes = 0;
  let sleeping = false;

  /** Takes out what waits in a lane. */
  const take = (lane: string): Held | undefined => {
    const event = waiting.get(lane)?.event;
    if (event === undefined) return undefined;
    waiting.delete(lane);
    bytes -= sizeOf(event);
    return event;
  };

  const release = (until: (due: number) => boolean): void => {
    for (const [lane, { due }] of waiting) {
      if (!until(due)) return;
      const event = take(lane);
      if (event !== undefined) lanes.send(event);
    }
  };

  const sleep = async (): Promise<void> => {
    sleeping = true;
    for (let first = oldest(); first !== undefined && !signal.aborted; first = oldest()) {
      await clock.sleep(Math.max(0, first.due - clock.monotonic()), signal);
      release((due) => due <= clock.monotonic());
    }
    sleeping = false;
  };

  const oldest = () => waiting.values().next().value;

  signal.addEventListener('abort', () => release(() => true), { once: true });

  return {
    send: (event, waits) => {
      const before = waiting.get(event.lane);
      if (!waits || signal.aborted) {
        take(event.lane)?.replaced();
        lanes.send(event);
        return;
      }
      const held = { ...event, event: owned(event.event) };
      bytes += sizeOf(held);
      if (before === undefined) {
        waiting.set(event.lane, { event: held, due: clock.monotonic() + windowMs });
      } else {
        bytes -= sizeOf(before.event);
        before.event.replaced();
        before.event = held;
      }
      release(() => bytes > MOST_BYTES);
      if (!sleeping && waiting.size > 0) void sleep();
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
