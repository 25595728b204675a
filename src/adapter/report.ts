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
      case 'relearned':
        log.info(
          { resourceVersion: news.resourceVersion, objects: news.objects },
          'what exists was not known; it is now',
        );
        return;
      case 'vanished':
        log.warn(
          { objects: news.objects },
          'namespace is deleted, and its watch did not say it of all objects; told as deleted',
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
