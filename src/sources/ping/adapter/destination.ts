import type { RetryPolicy } from '../../../delivery/judge.ts';
import { createLanes, type DeliveryNews, type Lanes } from '../../../delivery/lanes.ts';
import { createSink, type Sink } from '../../../delivery/sink.ts';
import type { Clock } from '../../../process/clock.ts';
import { type Firing, namespaceOf } from '../firing.ts';

/** A sink, and what is on its way there. */
export interface Destination {
  readonly lanes: Lanes;
  /** Events that are not settled. */
  pending: number;
  /** On the monotonic clock. */
  usedAt: number;
  isAway: boolean;
  /** What is on the wire fails, and is sent again when it may. */
  cut(): Promise<void>;
  /** Nothing is sent any more. */
  end(): Promise<void>;
}

export interface DestinationIo {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly maySend: () => boolean;
  readonly tell: (news: DeliveryNews) => void;
}

/** From half a second to a minute, for six minutes or less: what comes later is told by the next event. */
const POLICY: RetryPolicy = {
  retry: 12,
  backoffPolicy: 'exponential',
  backoffDelayMs: 500,
  retryAfterMaxMs: 300_000,
};
/** At the most: how many there are is the pace of the lanes. */
const CONNECTIONS = 64;
/** The lanes' own limit means nothing here: nobody waits for room. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** What tells destinations apart; sources of one, in whatever namespaces, share its connections. */
export function destinationKey({ sink: { uri, CACerts } }: Firing): string {
  return `${uri} ${CACerts}`;
}

export function createDestination({ sink }: Firing, io: DestinationIo): Destination {
  const { clock, timeoutMs, maySend } = io;
  const ended = new AbortController();
  const open = (): Sink =>
    createSink({
      url: new URL(sink.uri),
      ca: sink.CACerts === '' ? [] : [sink.CACerts],
      connections: CONNECTIONS,
      timeoutMs,
      contentMode: 'binary',
      headers: [],
      headersOf: (event) => ['kn-namespace', namespaceOf(event)],
    });
  let current = open();
  const tell = (news: DeliveryNews): void => {
    if (news.is === 'away' || news.is === 'back') destination.isAway = news.is === 'away';
    io.tell(news);
  };
  const lanes = createLanes({
    sink: { url: current.url, post: (event, done) => current.post(event, done), close: () => current.close() },
    deadLetterSink: undefined,
    policy: POLICY,
    clock,
    inFlight: CONNECTIONS,
    bufferBytes: UNLIMITED,
    maySend,
    tell,
    signal: ended.signal,
  });
  const destination: Destination = {
    lanes,
    pending: 0,
    usedAt: clock.monotonic(),
    isAway: false,
    cut: async () => {
      const last = current;
      current = open();
      await last.close();
    },
    end: async () => {
      ended.abort();
      await current.close();
    },
  };
  return destination;
}
