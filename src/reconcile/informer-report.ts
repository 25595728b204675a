import type { Resource } from '../kube/resource.ts';
import type { Log } from '../process/log.ts';
import type { Change } from '../watch/change.ts';
import type { StreamNews } from '../watch/stream-news.ts';
import type { ControllerMetrics, InformerMetrics } from './metrics.ts';

/** Turns what an informer's stream says about itself into its log line, its counter and its standing. */
export interface InformerReport {
  /** See `problem` of the informer. */
  readonly problem: string | undefined;
  tell(news: StreamNews): void;
  /** How many objects are held. */
  holds(objects: number): void;
  /** The API server does not have the resource; it is asked again after `waitMs`. */
  absent(waitMs: number): void;
  /** A change came whose object is not JSON inside. */
  unreadable(change: Change, error: unknown): void;
  ended(): void;
}

interface Watched {
  readonly resource: Pick<Resource, 'group' | 'version' | 'plural'>;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
}

export function createInformerReport(
  watched: Watched,
  io: { readonly log: Log; readonly metrics: ControllerMetrics },
): InformerReport {
  const name = nameOf(watched);
  const log = io.log.child({ stream: name });
  const metrics = io.metrics.informer(name);
  let problem: string | undefined = 'The resource has not been listed yet.';
  return {
    get problem() {
      return problem;
    },
    tell: (news) => {
      problem = problemAfter(news, problem);
      count(news, metrics);
      write(news, log);
    },
    holds: metrics.holds,
    absent: (waitMs) => log.warn({ waitMs, detail: problem }, 'resource cannot be watched yet'),
    unreadable: ({ object }, error) => {
      metrics.malformed();
      log.error({ ...object, detail: String(error) }, 'answer not understood');
    },
    ended: metrics.ended,
  };
}

/** As kubectl writes it: `deployments.v1.apps`, then the selector and the namespace. */
function nameOf({ resource: { group, version, plural }, labelSelector, namespace }: Watched): string {
  const resource = [plural, version, group].filter((part) => part !== '').join('.');
  const selected = labelSelector === undefined ? '' : `[${labelSelector}]`;
  return `${resource}${selected}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

function problemAfter(news: StreamNews, before: string | undefined): string | undefined {
  switch (news.is) {
    case 'listed':
    case 'established':
      return undefined;
    case 'interrupted':
    case 'gone':
      return news.error.message;
    default:
      return before;
  }
}

function count(news: StreamNews, metrics: InformerMetrics): void {
  switch (news.is) {
    case 'established':
      metrics.established(true);
      return;
    case 'interrupted':
    case 'gone':
      metrics.established(false);
      metrics.interrupted(news.error.code);
      return;
    case 'listed':
      metrics.listed(news.why);
      return;
    case 'audited':
      metrics.auditDifferences(news.differences);
      return;
    case 'malformed':
      metrics.malformed();
      return;
    default:
  }
}

/** Messages are those of the adapter's streams where they mean the same. */
function write(news: StreamNews, log: Log): void {
  switch (news.is) {
    case 'established':
      log.debug({ resourceVersion: news.resourceVersion }, 'watch established');
      return;
    case 'interrupted':
      log.warn(
        { reason: news.error.code, waitMs: Math.round(news.waitMs), detail: news.error.message },
        'watch interrupted',
      );
      return;
    case 'rewound':
      log.error({ position: news.position, head: news.head }, 'the API server went back in time; everything is listed');
      return;
    case 'listed':
      log[news.why === 'start' ? 'info' : 'warn'](
        { why: news.why, resourceVersion: news.resourceVersion, ...news.found },
        'objects listed',
      );
      return;
    case 'audited':
      if (news.differences > 0)
        log.error(
          { resourceVersion: news.resourceVersion, differences: news.differences },
          'the API server kept changes from the watch; everything is listed',
        );
      return;
    case 'malformed':
      log.error({ detail: news.sentence }, 'answer not understood');
      return;
    default:
  }
}
