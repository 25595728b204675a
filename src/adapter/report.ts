import type { DeliveryNews, Settlement, SinkName } from '../delivery/lanes.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { StreamNews } from '../watch/stream-news.ts';
import type { AdapterMetrics } from './metrics.ts';
import type { StreamBoard } from './stream-board.ts';

interface ReportIo {
  readonly log: Log;
  readonly metrics: AdapterMetrics;
  readonly board: StreamBoard;
}

/** Turns what a stream says about itself into its log line, its counter and its standing. */
export function reportStream(name: string, io: ReportIo): (news: StreamNews) => void {
  const log = io.log.child({ stream: name });
  return (news) => {
    switch (news.is) {
      case 'established':
        io.board.set(name, { is: 'established' });
        log.debug({ resourceVersion: news.resourceVersion }, 'watch established');
        return;
      case 'closed':
        io.metrics.interrupted('closed');
        log.debug('watch closed by the server');
        return;
      case 'interrupted':
        io.metrics.interrupted(news.error.code);
        io.board.set(name, { is: 'failing', why: news.error.message });
        log.warn(
          { reason: news.error.code, waitMs: Math.round(news.waitMs), detail: news.error.message },
          'watch interrupted',
        );
        return;
      case 'rewound':
        log.error(
          { position: news.position, head: news.head },
          'the API server went back in time; every object is told again',
        );
        return;
      case 'listing':
        log[news.why === 'start' ? 'debug' : 'warn']({ why: news.why }, 'listing objects');
        return;
      case 'listed':
        io.metrics.listed(news.why);
        if (news.why === 'start') {
          log.info({ objects: news.found.objects, resourceVersion: news.resourceVersion }, 'objects listed');
          return;
        }
        io.metrics.gap(news.why, news.lost, news.found);
        log.warn(
          { why: news.why, lost: news.lost, since: news.since, resourceVersion: news.resourceVersion, ...news.found },
          'gap in the history closed by comparison',
        );
        return;
      case 'suppressed':
        io.metrics.suppressed(news.reason);
        log.debug({ reason: news.reason, ...news.object }, 'object not told');
        return;
      case 'outside':
        io.metrics.suppressed('outside', news.objects);
        log.debug({ objects: news.objects }, 'objects in other namespaces not told');
        return;
      case 'entered':
        log.info(
          {
            namespaces: news.namespaces.length,
            some: news.namespaces.slice(0, 5),
            objects: news.objects,
            told: news.added,
          },
          'namespaces match from now on; their objects are known',
        );
        return;
      case 'audited':
        io.metrics.audited(news.differences);
        if (news.differences === 0) log.debug({ resourceVersion: news.resourceVersion }, 'audit found no difference');
        else
          log.error(
            { resourceVersion: news.resourceVersion, differences: news.differences },
            'the API server kept changes from the watch; they are told now',
          );
        return;
      case 'malformed':
        io.metrics.malformed();
        log.error({ detail: news.sentence }, 'answer not understood');
        return;
      case 'gone':
        io.metrics.interrupted('notFound');
        io.board.set(name, { is: 'failing', why: news.error.message });
        log.warn({ detail: news.error.message }, 'resource is not served any more');
        return;
    }
  };
}

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

export function createDeliveryReport(io: { log: Log; metrics: AdapterMetrics; clock: Clock }): DeliveryReport {
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
