import { Counter, Gauge, Registry } from 'prom-client';
import { createDeliveryMetrics, type DeliveryGauges, type DeliveryMetrics, gauge } from '../delivery/metrics.ts';
import { CEL_TROUBLES, type CelTrouble } from '../events/cel/trouble.ts';
import type { Change } from '../watch/change.ts';
import { INTERRUPTIONS } from '../watch/stream-news.ts';
import { LIST_REASONS } from '../watch/watch-state.ts';

/** Everything that the adapter counts. Series without an object's name, so that their number stays small. */
export interface AdapterMetrics extends DeliveryMetrics {
  readonly registry: Registry;
  changed(change: Change): void;
  /** @param objects how many; default: one */
  suppressed(reason: string, objects?: number): void;
  /** @param kind why a CESQL expression came to nothing */
  filterTrouble(kind: string): void;
  /** An expression in `when` came to nothing for an object. */
  whenTrouble(kind: CelTrouble): void;
  /** An event carries less than was asked for. */
  lacking(what: string): void;
  clearSecrets(yes: boolean): void;
  /** @param bytes written, of the index */
  checkpointed(what: 'index' | 'lease', bytes?: number): void;
  checkpointFailed(what: 'index' | 'lease' | 'load', reason: string): void;
  interrupted(reason: string): void;
  listed(why: string): void;
  /** A gap was closed by comparison. */
  gap(reason: string, lost: string, found: Readonly<Record<'added' | 'updated' | 'deleted', number>>): void;
  malformed(): void;
  /** @param differences between what was known and what the server had */
  audited(differences: number): void;
  /** Undefined: there is no such stream any more. */
  established(stream: string, yes: boolean | undefined): void;
}

/** What waits for how long, in seconds; 0 where nothing does. */
export interface Ages {
  /** Of the oldest change that is not settled, since it was read. */
  readonly positionSeconds: number;
  /** Of the stored positions, since they were those that were reached. */
  readonly storedSeconds: number;
}

const NO_AGES: Ages = { positionSeconds: 0, storedSeconds: 0 };
const TYPES = ['add', 'update', 'delete'] as const;
const FOUND_BY = ['watch', 'list', 'comparison'] as const;
const GAPS = ['expired', 'unintelligible', 'rewound', 'audit'];

export function createMetrics(gauges: () => DeliveryGauges, ages: () => Ages = () => NO_AGES): AdapterMetrics {
  const registry = new Registry();
  const counter = <L extends string>(name: string, help: string, labels: L[], born: Record<L, readonly string[]>) => {
    const made = new Counter({ name: `watchbridge_${name}`, help, labelNames: labels, registers: [registry] });
    // A series that appears with its first increment hides that increment from rate().
    for (const values of combinations(labels, born)) made.inc(values, 0);
    return made;
  };
  const changes = newChanges();
  void new Counter({
    name: 'watchbridge_changes_total',
    help: 'Changes of watched objects.',
    labelNames: ['type', 'found_by'],
    registers: [registry],
    // Counted here, since prom-client looks for the series by its labels each time.
    collect() {
      for (const found_by of FOUND_BY) {
        for (const type of TYPES) {
          this.inc({ type, found_by }, changes[found_by][type]);
          changes[found_by][type] = 0;
        }
      }
    },
  });
  const suppressed = counter('suppressed_total', 'Objects that were seen and not told, by reason.', ['reason'], {
    reason: [
      'duplicate',
      'backInTime',
      'unselected',
      'outside',
      'left',
      'repeated',
      'own',
      'unchanged',
      'when',
      'noTransition',
      'series',
      'debounced',
      'filtered',
    ],
  });
  const filterTroubles = counter(
    'filter_troubles_total',
    'CESQL expressions that came to nothing for an event, by reason.',
    ['kind'],
    { kind: ['notBoolean', 'missingAttribute', 'cast', 'math', 'functionEvaluation', 'missingFunction'] },
  );
  const whenTroubles = counter(
    'when_troubles_total',
    'Objects for which the CEL expression of `when` came to nothing, by reason.',
    ['kind'],
    { kind: CEL_TROUBLES },
  );
  const lacks = counter(
    'payload_lacks_total',
    'Events that carry less than was asked for, by what they lack.',
    ['what'],
    {
      what: ['tooLarge', 'malformed', 'extension'],
    },
  );
  const clearSecrets = new Gauge({
    name: 'watchbridge_clear_secrets',
    help: '1 where events carry the values of Secrets as they are.',
    registers: [registry],
  });
  const interruptions = counter(
    'watch_interruptions_total',
    'Watches that ended and requests to the API server that failed, by code.',
    ['reason'],
    {
      reason: ['closed', ...INTERRUPTIONS],
    },
  );
  const lists = counter(
    'lists_total',
    'Complete lists of a stream. All but "start" follow a gap in the history.',
    ['why'],
    {
      why: LIST_REASONS,
    },
  );
  const gaps = counter('gaps_total', 'Gaps in the history, by why and by what was lost in them.', ['reason', 'lost'], {
    reason: GAPS,
    lost: ['states', 'deletes'],
  });
  const recovered = counter(
    'recovered_total',
    'Changes that were found by comparing, by why that was done.',
    ['reason', 'type'],
    { reason: GAPS, type: ['add', 'update', 'delete'] },
  );
  const audits = counter('audits_total', 'Comparisons of what is known with what the API server had.', [], {});
  const repairs = counter('audit_differences_total', 'Changes that the API server had kept from a watch.', [], {});
  const malformed = counter('malformed_total', 'Lines and lists that could not be understood.', [], {});
  const checkpoints = counter('checkpoint_writes_total', 'Writes of the checkpoint.', ['what'], {
    what: ['index', 'lease'],
  });
  const checkpointBytes = counter('checkpoint_bytes_total', 'Packed bytes of the index that were written.', [], {});
  const checkpointFailures = counter(
    'checkpoint_failures_total',
    'Checkpoints that could not be written or read.',
    ['what', 'reason'],
    {
      what: ['index', 'lease', 'load'],
      reason: [
        'unreachable',
        'timedOut',
        'unauthorized',
        'forbidden',
        'notFound',
        'conflict',
        'alreadyExists',
        'invalid',
        'throttled',
        'serverError',
        'malformed',
        'credentials',
      ],
    },
  );
  const established = new Gauge({
    name: 'watchbridge_stream_established',
    help: '1 while the watch of a stream is open.',
    labelNames: ['stream'],
    registers: [registry],
  });
  gauge(
    registry,
    'position_age_seconds',
    'Seconds since the oldest change was read that is not settled.',
    () => ages().positionSeconds,
  );
  gauge(
    registry,
    'checkpoint_age_seconds',
    'Seconds since the stored positions were those that were reached.',
    () => ages().storedSeconds,
  );
  return {
    registry,
    ...createDeliveryMetrics(registry, gauges),
    changed: ({ type, foundBy }) => {
      changes[foundBy][type]++;
    },
    suppressed: (reason, objects = 1) => suppressed.inc({ reason }, objects),
    filterTrouble: (kind) => filterTroubles.inc({ kind }),
    whenTrouble: (kind) => whenTroubles.inc({ kind }),
    lacking: (what) => lacks.inc({ what }),
    clearSecrets: (yes) => clearSecrets.set(yes ? 1 : 0),
    checkpointed: (what, bytes = 0) => {
      checkpoints.inc({ what });
      checkpointBytes.inc(bytes);
    },
    checkpointFailed: (what, reason) => checkpointFailures.inc({ what, reason }),
    interrupted: (reason) => interruptions.inc({ reason }),
    listed: (why) => lists.inc({ why }),
    gap: (reason, lost, { added, updated, deleted }) => {
      gaps.inc({ reason, lost });
      for (const [type, count] of [
        ['add', added],
        ['update', updated],
        ['delete', deleted],
      ] as const) {
        recovered.inc({ reason, type }, count);
      }
    },
    audited: (differences) => {
      audits.inc();
      repairs.inc(differences);
    },
    malformed: () => malformed.inc(),
    established: (stream, yes) => {
      if (yes === undefined) established.remove({ stream });
      else established.set({ stream }, yes ? 1 : 0);
    },
  };
}

function newChanges(): Record<Change['foundBy'], Record<Change['type'], number>> {
  const none = () => ({ add: 0, update: 0, delete: 0 });
  return { watch: none(), list: none(), comparison: none() };
}

/** Every combination of label values: [{type: add, found_by: watch}, ...]. */
function combinations<L extends string>(
  labels: readonly L[],
  values: Record<L, readonly string[]>,
): Record<L, string>[] {
  return labels.reduce<Record<L, string>[]>(
    (made, label) => made.flatMap((one) => values[label].map((value) => ({ ...one, [label]: value }))),
    [{} as Record<L, string>],
  );
}
