import type { DeliveryNews } from '../../../delivery/lanes.ts';
import type { Clock } from '../../../process/clock.ts';
import type { Log } from '../../../process/log.ts';
import { type Firing, pingEvent, pingId } from '../firing.ts';
import { createDestination, type Destination, destinationKey } from './destination.ts';
import type { Unsettled } from './memory.ts';
import type { DropReason, PingMetrics } from './metrics.ts';

export interface DeliveriesIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: PingMetrics;
  /** How long a sink may take to answer. */
  readonly timeoutMs: number;
  /** Asked before each attempt. */
  readonly maySend: () => boolean;
}

/** What was fired and is on its way, to all sinks. */
export interface Deliveries {
  /** Sends the event of `firing` at the time `at` of its schedule. */
  send(firing: Firing, at: number): void;
  /** What is not settled. */
  unsettled(): readonly Unsettled[];
  readonly queued: number;
  /** How many were ever taken. */
  readonly total: number;
  readonly sinksAway: number;
  /** We may not send at this moment: what is on the wire is cut off, and waits for {@link wake}. */
  cut(): Promise<void>;
  wake(): void;
  /** Resolves when all is settled. */
  idle(): Promise<void>;
  /** Ends everything; what is not settled by then never is. */
  end(): Promise<void>;
}

/** More wait only while a sink does not take them, and a ping that is older than ten others is not missed. */
const MOST_OF_SOURCE = 10;
const MOST_BYTES = 64 * 1024 * 1024;
/** Attributes, the entry in the queue. */
const EVENT_OVERHEAD_BYTES = 1_024;
/** A sink that nothing was sent to for so long is closed. */
const IDLE_MS = 300_000;
const TELL_EVERY_MS = 10_000;

export function createDeliveries(io: DeliveriesIo): Deliveries {
  const { clock, log, metrics } = io;
  const destinations = new Map<string, Destination>();
  const pending = new Map<string, Unsettled>();
  const ofSource = new Map<string, number>();
  let bytes = 0;
  let total = 0;
  let sweptAt = clock.monotonic();

  const drop = (firing: Firing, at: number, reason: DropReason): void => {
    metrics.dropped(reason);
    metrics.settled('dropped', (clock.now() - at) / 1_000);
    log.warn({ ...nameOf(firing), time: new Date(at).toISOString(), reason }, 'ping dropped');
  };

  const destinationOf = (firing: Firing): Destination => {
    sweep();
    const key = destinationKey(firing);
    const present = destinations.get(key);
    if (present !== undefined) return present;
    const tell = tellTrouble(firing, io);
    const opened = createDestination(firing, { ...io, tell });
    destinations.set(key, opened);
    return opened;
  };

  const sweep = (): void => {
    const now = clock.monotonic();
    if (now - sweptAt < IDLE_MS) return;
    sweptAt = now;
    for (const [key, destination] of destinations) {
      if (destination.pending > 0 || now - destination.usedAt < IDLE_MS) continue;
      destinations.delete(key);
      void destination.end();
    }
  };

  return {
    send: (firing, at) => {
      const { uid } = firing;
      const id = pingId(uid, at);
      if (pending.has(id)) return;
      const waiting = ofSource.get(uid) ?? 0;
      const cost = (firing.payload.data?.byteLength ?? 0) + EVENT_OVERHEAD_BYTES;
      if (waiting >= MOST_OF_SOURCE) return drop(firing, at, 'queueFull');
      if (bytes + cost > MOST_BYTES) return drop(firing, at, 'memoryFull');
      const destination = destinationOf(firing);
      pending.set(id, { uid, at });
      ofSource.set(uid, waiting + 1);
      bytes += cost;
      total++;
      destination.pending++;
      destination.usedAt = clock.monotonic();
      destination.lanes.send({
        lane: uid,
        event: pingEvent(firing, at),
        settled: (as) => {
          pending.delete(id);
          const left = (ofSource.get(uid) ?? 1) - 1;
          if (left > 0) ofSource.set(uid, left);
          else ofSource.delete(uid);
          bytes -= cost;
          destination.pending--;
          if (as === 'delivered') metrics.settled('delivered', (clock.now() - at) / 1_000);
          else drop(firing, at, 'refused');
        },
      });
    },
    unsettled: () => [...pending.values()],
    get queued() {
      return pending.size;
    },
    get total() {
      return total;
    },
    get sinksAway() {
      return [...destinations.values()].filter(({ isAway }) => isAway).length;
    },
    cut: async () => {
      await Promise.all(Array.from(destinations.values(), (it) => it.cut()));
    },
    wake: () => {
      for (const { lanes } of destinations.values()) lanes.wake();
    },
    idle: async () => {
      await Promise.all(Array.from(destinations.values(), ({ lanes }) => lanes.idle()));
    },
    end: async () => {
      await Promise.all(Array.from(destinations.values(), (it) => it.end()));
    },
  };
}

/** Logs what goes wrong at one sink, retries at most every {@link TELL_EVERY_MS}. */
function tellTrouble(first: Firing, { clock, metrics, ...io }: DeliveriesIo): (news: DeliveryNews) => void {
  const log = io.log.child({ sink: shownUri(first.sink.uri) });
  let toldAt = Number.NEGATIVE_INFINITY;
  return (news) => {
    switch (news.is) {
      case 'retrying': {
        metrics.retried(news.reason);
        if (clock.monotonic() - toldAt < TELL_EVERY_MS) return;
        toldAt = clock.monotonic();
        const detail = news.outcome.is === 'failed' ? news.outcome.detail : undefined;
        log.warn({ reason: news.reason, attempt: news.attempt, detail }, 'sink does not take events; trying again');
        return;
      }
      case 'refused':
        log.warn({ reason: news.reason, id: news.event.id, by: news.by }, 'event refused');
        return;
      case 'away':
        log.error('sink counts as away; single events are tried until one is taken');
        return;
      case 'back':
        toldAt = Number.NEGATIVE_INFINITY;
        log.info('sink takes events again');
    }
  };
}

/** Without user, password and query. */
function shownUri(uri: string): string {
  const { origin, pathname } = new URL(uri);
  return origin + pathname;
}

function nameOf({ namespace, name }: Firing): { readonly source: string } {
  return { source: `${namespace}/${name}` };
}
