import type { CelExpression } from '../events/cel/cel.ts';
import type { CelTrouble } from '../events/cel/trouble.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { AdapterMetrics } from './metrics.ts';

/** As often as the log speaks of one kind of trouble of a stream: a field that most objects lack is no news. */
const EVERY_MS = 3_600_000;

interface Io {
  readonly log: Log;
  readonly metrics: AdapterMetrics;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Counts objects for which an expression came to nothing, and tells of them now and then. Says nothing of the objects. */
export function reportWhen(
  stream: string,
  when: CelExpression | undefined,
  { log, metrics, clock }: Io,
): (kind: CelTrouble) => void {
  const told = new Map<CelTrouble, { at: number; since: number }>();
  return (kind) => {
    metrics.whenTrouble(kind);
    const now = clock.monotonic();
    const last = told.get(kind);
    if (last !== undefined && now - last.at < EVERY_MS) {
      last.since++;
      return;
    }
    told.set(kind, { at: now, since: 0 });
    const before = last === undefined ? {} : { unmentioned: last.since };
    log.warn(
      { stream, kind, when: when?.text, ...before },
      'expression came to nothing for an object, which counts as false',
    );
  };
}
