import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Everything that the adapter of PingSources counts. Series without an object's name. */
export interface PingMetrics {
  readonly registry: Registry;
  /** Times that were taken from schedules, to be sent. */
  fired(times: number): void;
  missed(times: number): void;
  /** @param seconds since the time by the schedule */
  settled(as: 'delivered' | 'dropped', seconds: number): void;
  dropped(reason: DropReason): void;
  retried(reason: string): void;
  leads(yes: boolean): void;
}

/** `refused`: by the sink, or tried as often as we do. `queueFull`, `memoryFull`: too much waits already. */
export type DropReason = 'refused' | 'queueFull' | 'memoryFull';

export interface PingGauges {
  readonly sources: number;
  readonly queued: number;
  readonly sinksAway: number;
}

const DROP_REASONS: readonly DropReason[] = ['refused', 'queueFull', 'memoryFull'];
/** Of attempts: a failure of the connection, or a status. */
const RETRY_REASONS = [
  'connect',
  'tls',
  'dns',
  'timeout',
  'reset',
  'protocol',
  '404',
  '408',
  '409',
  '425',
  '429',
  '500',
  '502',
  '503',
  '504',
];
const SECONDS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 5, 10, 60, 600];

export function createPingMetrics(gauges: () => PingGauges): PingMetrics {
  const registry = new Registry();
  const named = <L extends string>(name: string, help: string, labelNames: L[] = []) => ({
    name: `watchbridge_ping_${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  const gauge = (name: string, help: string, value: () => number): void => {
    void new Gauge({
      ...named(name, help),
      collect() {
        this.set(value());
      },
    });
  };
  gauge('sources', 'PingSources that fire.', () => gauges().sources);
  gauge('queued_events', 'Events that are not settled.', () => gauges().queued);
  gauge('sinks_away', 'Sinks that are tried with single events only.', () => gauges().sinksAway);
  const leading = new Gauge(named('leading', '1 while this replica is the one that fires.'));
  const fired = new Counter(named('fired_total', 'Times of schedules that were taken to be sent.'));
  const missed = new Counter(named('missed_total', 'Times of schedules that were too late to be sent.'));
  const settled = new Counter(named('events_settled_total', 'Events that are done with.', ['as']));
  const dropped = new Counter(named('dropped_total', 'Events that were given up.', ['reason']));
  const retries = new Counter(named('delivery_retries_total', 'Attempts that will be repeated.', ['reason']));
  const delay = new Histogram({
    ...named('delay_seconds', 'From the time by the schedule until the event was delivered.'),
    buckets: SECONDS,
  });
  leading.set(0);
  // A series that appears with its first increment hides that increment from rate().
  for (const as of ['delivered', 'dropped']) settled.inc({ as }, 0);
  for (const reason of DROP_REASONS) dropped.inc({ reason }, 0);
  for (const reason of RETRY_REASONS) retries.inc({ reason }, 0);

  return {
    registry,
    fired: (times) => fired.inc(times),
    missed: (times) => missed.inc(times),
    settled: (as, seconds) => {
      settled.inc({ as });
      if (as === 'delivered') delay.observe(seconds);
    },
    dropped: (reason) => dropped.inc({ reason }),
    retried: (reason) => retries.inc({ reason }),
    leads: (yes) => leading.set(yes ? 1 : 0),
  };
}
