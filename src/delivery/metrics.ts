import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Settlement, SinkName } from './lanes.ts';

/** What delivery counts. */
export interface DeliveryMetrics {
  /** @param seconds from the begin, such as reading a change, to the end of the delivery */
  settled(as: Settlement, seconds: number): void;
  retried(reason: string): void;
  refused(by: SinkName, reason: string): void;
  sinkAway(yes: boolean): void;
}

export interface DeliveryGauges {
  readonly inFlight: number;
  readonly queued: number;
  readonly queuedBytes: number;
}

const SETTLEMENTS: readonly Settlement[] = ['delivered', 'deadLettered', 'dropped'];
const SINKS: readonly SinkName[] = ['sink', 'deadLetterSink'];
const FAILURES = ['connect', 'tls', 'dns', 'timeout', 'reset', 'protocol', 'token'];
const REPEATED = ['404', '408', '409', '425', '429', '500', '502', '503', '504'];
/** The usual ones among the statuses that nothing is sent again for. */
const FINAL = ['301', '302', '307', '308', '400', '401', '403', '405', '406', '410', '413', '414', '415', '422', '431'];
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800];

/** A series that appears with its first increment hides that increment from rate(), so all are born with 0. */
export function createDeliveryMetrics(registry: Registry, gauges: () => DeliveryGauges): DeliveryMetrics {
  const registers = [registry];
  const done: Record<Settlement, number> = { delivered: 0, deadLettered: 0, dropped: 0 };
  void new Counter({
    name: 'watchbridge_events_settled_total',
    help: 'Events that are done with.',
    labelNames: ['as'],
    registers,
    // Counted here, since prom-client looks for the series by its labels each time.
    collect() {
      for (const as of SETTLEMENTS) {
        this.inc({ as }, done[as]);
        done[as] = 0;
      }
    },
  });
  const retries = new Counter({
    name: 'watchbridge_delivery_retries_total',
    help: 'Attempts that will be repeated, by status or failure.',
    labelNames: ['reason'],
    registers,
  });
  const refusals = new Counter({
    name: 'watchbridge_refusals_total',
    help: 'Events that a sink will not have, by status or failure.',
    labelNames: ['by', 'reason'],
    registers,
  });
  const away = new Gauge({
    name: 'watchbridge_sink_away',
    help: '1 while so many attempts in a row failed that only single events are tried.',
    registers,
  });
  const lag = new Histogram({
    name: 'watchbridge_settle_seconds',
    help: 'Time from reading a change to the end of its delivery.',
    buckets: SECONDS,
    registers,
  });
  for (const reason of [...FAILURES, ...REPEATED]) retries.inc({ reason }, 0);
  // After the last attempt that is allowed, an event is refused for what was repeated before.
  for (const by of SINKS) for (const reason of [...FINAL, ...FAILURES, ...REPEATED]) refusals.inc({ by, reason }, 0);
  gauge(registry, 'events_in_flight', 'Events that are on the wire.', () => gauges().inFlight);
  gauge(registry, 'events_queued', 'Events that are not settled.', () => gauges().queued);
  gauge(registry, 'queued_bytes', 'Memory taken by events that are not settled.', () => gauges().queuedBytes);
  return {
    settled: (as, seconds) => {
      done[as]++;
      lag.observe(seconds);
    },
    retried: (reason) => retries.inc({ reason }),
    refused: (by, reason) => refusals.inc({ by, reason }),
    sinkAway: (yes) => away.set(yes ? 1 : 0),
  };
}

/** One whose value is read when the metrics are. @param name without `watchbridge_` */
export function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  void new Gauge({
    name: `watchbridge_${name}`,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
