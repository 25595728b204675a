import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { DeliveryNews, Settlement, SinkName } from './lanes.ts';
import type { DeliveryMetrics } from './metrics.ts';

/** How often trouble with a sink is told while it lasts, or comes and goes. */
const TROUBLE_INTERVAL_MS = 10_000;

/** Tells trouble with the sinks: its begin, now and then its extent, and its end; and every event that is refused. */
export interface DeliveryReport {
  tell(news: DeliveryNews): void;
  settled(as: Settlement): void;
}

interface Trouble {
  readonly since: number;
  retries: number;
  told: boolean;
}

export function createDeliveryReport(io: {
  readonly log: Log;
  readonly metrics: Pick<DeliveryMetrics, 'retried' | 'refused' | 'sinkAway'>;
  readonly clock: Clock;
}): DeliveryReport {
  const { log, metrics, clock } = io;
  const troubles = new Map<SinkName, Trouble>();
  const toldAt = new Map<SinkName, number>();

  const retrying = ({ by, reason, attempt, outcome }: Extract<DeliveryNews, { is: 'retrying' }>): void => {
    metrics.retried(reason);
    const now = clock.monotonic();
    const trouble = troubles.get(by) ?? { since: now, retries: 0, told: false };
    troubles.set(by, trouble);
    trouble.retries++;
    // Where every other attempt fails, trouble begins and ends a thousand times a second.
    if (now - (toldAt.get(by) ?? Number.NEGATIVE_INFINITY) < TROUBLE_INTERVAL_MS) return;
    toldAt.set(by, now);
    trouble.told = true;
    const detail = outcome.is === 'failed' ? outcome.detail : `status ${outcome.status}`;
    const lastedMs = Math.round(now - trouble.since);
    log.warn(
      { by, reason, detail, attempt, retries: trouble.retries, lastedMs },
      'sink does not take events; trying again',
    );
  };

  return {
    tell: (news) => {
      switch (news.is) {
        case 'retrying':
          retrying(news);
          return;
        case 'refused': {
          const { id, subject } = news.event;
          metrics.refused(news.by, news.reason);
          log.error({ id, subject, by: news.by, reason: news.reason }, 'event refused');
          return;
        }
        case 'away':
          metrics.sinkAway(true);
          log.warn('sink counts as away; single events are tried until one is taken');
          return;
        case 'back':
          metrics.sinkAway(false);
          log.info('sink is back');
      }
    },
    settled: (as) => {
      if (as === 'dropped') return;
      const by = as === 'delivered' ? 'sink' : 'deadLetterSink';
      const trouble = troubles.get(by);
      if (trouble === undefined) return;
      troubles.delete(by);
      const lastedMs = Math.round(clock.monotonic() - trouble.since);
      if (trouble.told) log.info({ by, retries: trouble.retries, lastedMs }, 'sink takes events again');
    },
  };
}
