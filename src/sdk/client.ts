import { randomUUID } from 'node:crypto';
import type { Lanes, Settlement } from '../delivery/lanes.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import { withOverrides } from '../events/from-change.ts';
import type { Clock } from '../process/clock.ts';
import { eventFrom, type EventToSend } from './event.ts';

/** What became of an event. */
export type SendResult =
  /** The sink took it (2xx). */
  | { readonly is: 'delivered' }
  /** The sink will not have it, or was asked as often as the retry policy allows. */
  | {
      readonly is: 'refused';
      /** The status, or why there was none: `400`, `connect`. */
      readonly reason: string;
    }
  /** The process had to end before the sink took it; it may have come there all the same. */
  | { readonly is: 'stopped' };

/** Sends CloudEvents to the sink (K_SINK), with the extensions of K_CE_OVERRIDES. */
export interface EventClient {
  /**
   * Sends an event, in binary mode, again and again until the sink takes it or refuses it. Events of a lane go one at a
   * time and in order, lanes in parallel.
   *
   * @param options.lane default: the event's source and subject
   * @throws InvalidEventError where it is no CloudEvent
   */
  send(event: EventToSend, options?: { readonly lane?: string }): Promise<SendResult>;
}

export interface ClientIo {
  readonly lanes: Pick<Lanes, 'send' | 'room'>;
  readonly overrides: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly settled: (as: Settlement, seconds: number) => void;
}

/** An {@link EventClient} as the one who runs it sees it. */
export interface EndingClient extends EventClient {
  /** To be told of every refusal. */
  refused(event: CloudEvent, reason: string): void;
  /** Nothing more is sent: who still waits is told. */
  end(): void;
}

export function createEventClient({ lanes, overrides, clock, settled }: ClientIo): EndingClient {
  /** Each event that is not settled, by source and id, with whom to tell. */
  const waiting = new Set<(result: SendResult) => void>();
  const reasons = new Map<string, string>();
  let gate = Promise.resolve();
  let ended = false;

  const passed = async (before: Promise<void>): Promise<void> => {
    await before;
    for (let room = lanes.room(); room !== undefined && !ended; room = lanes.room()) await room;
  };

  return {
    send: async (given, options = {}) => {
      const now = clock.now();
      const plain = eventFrom(given, { id: randomUUID(), time: new Date(now).toISOString() });
      const event = withOverrides(plain, overrides);
      const lane = options.lane ?? `${event.source}\n${event.subject ?? ''}`;
      // One after the other, so that events that wait for room come into their lanes in order.
      gate = passed(gate);
      await gate;
      if (ended) return { is: 'stopped' };
      const { promise, resolve } = Promise.withResolvers<SendResult>();
      waiting.add(resolve);
      const sentAt = clock.monotonic();
      lanes.send({
        lane,
        event,
        settled: (as) => {
          waiting.delete(resolve);
          settled(as, (clock.monotonic() - sentAt) / 1_000);
          const reason = take(reasons, nameOf(event));
          resolve(as === 'delivered' ? { is: 'delivered' } : { is: 'refused', reason: reason ?? 'unknown' });
        },
      });
      return await promise;
    },
    refused: (event, reason) => void reasons.set(nameOf(event), reason),
    end: () => {
      ended = true;
      for (const resolve of waiting) resolve({ is: 'stopped' });
      waiting.clear();
    },
  };
}

function nameOf({ source, id }: CloudEvent): string {
  return `${source}\n${id}`;
}

function take(map: Map<string, string>, key: string): string | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}
