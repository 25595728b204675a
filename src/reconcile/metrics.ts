import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { INTERRUPTIONS } from '../watch/stream-news.ts';
import { LIST_REASONS } from '../watch/watch-state.ts';

/** Everything that controllers and their informers count. Series without an object's name. */
export interface ControllerMetrics {
  readonly registry: Registry;
  /** @param depth how many keys wait in its queue */
  controller(name: string, depth: () => number): ReconcileMetrics;
  /** @param stream as {@link InformerMetrics} are told apart; for people */
  informer(stream: string): InformerMetrics;
}

/** `again`: wanted to come back later. `retry`: failed, and is tried again soon. `refused`: and seldom. */
export type Outcome = 'done' | 'again' | 'retry' | 'refused' | 'bug';

const OUTCOMES: readonly Outcome[] = ['done', 'again', 'retry', 'refused', 'bug'];

export interface ReconcileMetrics {
  reconciled(outcome: Outcome, seconds: number): void;
}

export interface InformerMetrics {
  /** How many objects are held. */
  holds(objects: number): void;
  established(yes: boolean): void;
  interrupted(reason: string): void;
  listed(why: string): void;
  auditDifferences(differences: number): void;
  malformed(): void;
  /** The informer is no more: its gauges go. */
  ended(): void;
}

/** A reconcile that changes nothing takes no time; one that writes takes some requests; one that hangs, a timeout. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];

export function createControllerMetrics(): ControllerMetrics {
  const registry = new Registry();
  const register = <L extends string>(name: string, help: string, labelNames: L[]) => ({
    name: `watchbridge_controller_${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  const depths = new Map<string, () => number>();
  void new Gauge({
    ...register('queue_depth', 'Keys that wait for a worker.', ['controller']),
    collect() {
      for (const [controller, depth] of depths) this.set({ controller }, depth());
    },
  });
  const reconciles = new Counter(register('reconciles_total', 'Reconciles, by outcome.', ['controller', 'outcome']));
  const seconds = new Histogram({
    ...register('reconcile_seconds', 'Time that a reconcile took.', ['controller']),
    buckets: SECONDS,
  });
  const objects = new Gauge(register('objects', 'Objects that informers hold.', ['stream']));
  const established = new Gauge(register('stream_established', '1 while every watch of the name is open.', ['stream']));
  const interruptions = new Counter(
    register('watch_interruptions_total', 'Requests of informers that failed, by code.', ['stream', 'reason']),
  );
  const lists = new Counter(register('lists_total', 'Complete lists of an informer.', ['stream', 'why']));
  const differences = new Counter(
    register('audit_differences_total', 'Changes that the API server had kept from a watch.', ['stream']),
  );
  const malformed = new Counter(register('malformed_total', 'Answers that could not be understood.', ['stream']));

  /** Informers of one name, which are on the same objects and hold other parts of them. */
  const standings = new Map<string, Set<{ held: number; isEstablished: boolean }>>();

  return {
    registry,
    controller: (controller, depth) => {
      depths.set(controller, depth);
      for (const outcome of OUTCOMES) reconciles.inc({ controller, outcome }, 0);
      seconds.zero({ controller });
      return {
        reconciled: (outcome, took) => {
          reconciles.inc({ controller, outcome });
          seconds.observe({ controller }, took);
        },
      };
    },
    informer: (stream) => {
      // A series that appears with its first increment hides that increment from rate().
      for (const reason of INTERRUPTIONS) interruptions.inc({ stream, reason }, 0);
      for (const why of LIST_REASONS) lists.inc({ stream, why }, 0);
      differences.inc({ stream }, 0);
      malformed.inc({ stream }, 0);
      const standing = { held: 0, isEstablished: false };
      const alike = standings.get(stream) ?? new Set();
      standings.set(stream, alike.add(standing));
      const show = (): void => {
        const all = [...alike];
        objects.set(
          { stream },
          all.reduce((sum, { held }) => sum + held, 0),
        );
        established.set({ stream }, all.every(({ isEstablished }) => isEstablished) ? 1 : 0);
      };
      show();
      return {
        holds: (count) => {
          standing.held = count;
          show();
        },
        established: (yes) => {
          standing.isEstablished = yes;
          show();
        },
        interrupted: (reason) => interruptions.inc({ stream, reason }),
        listed: (why) => lists.inc({ stream, why }),
        auditDifferences: (count) => differences.inc({ stream }, count),
        malformed: () => malformed.inc({ stream }),
        ended: () => {
          alike.delete(standing);
          if (alike.size > 0) return show();
          standings.delete(stream);
          objects.remove({ stream });
          established.remove({ stream });
        },
      };
    },
  };
}
