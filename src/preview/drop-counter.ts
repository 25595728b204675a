import { type AdapterMetrics, createMetrics } from '../adapter/metrics.ts';

/** What did not become an event, and what events lack, by reason. */
export interface DropCounter {
  readonly metrics: AdapterMetrics;
  /** Objects that were seen and not told, by the reasons of `suppressed_total`; those with none are left out. */
  dropped(): ReadonlyMap<string, number>;
  /** Events that carry less than was asked for, and expressions of `filters` and `when` that came to nothing. */
  lacks(): ReadonlyMap<string, number>;
  /** Changes that the streams found, told or not. */
  changes(): number;
}

const NOTHING_QUEUED = { inFlight: 0, queued: 0, queuedBytes: 0 };

/** The adapter's metrics, read while they are counted. */
export function createDropCounter(): DropCounter {
  const metrics = createMetrics(() => NOTHING_QUEUED);
  const dropped = new Map<string, number>();
  const lacks = new Map<string, number>();
  let changes = 0;
  const add = (to: Map<string, number>, name: string, count: number): void => {
    to.set(name, (to.get(name) ?? 0) + count);
  };
  return {
    metrics: {
      ...metrics,
      changed: (change) => {
        changes++;
        metrics.changed(change);
      },
      suppressed: (reason, objects = 1) => add(dropped, reason, objects),
      lacking: (what) => add(lacks, what, 1),
      filterTrouble: (kind) => add(lacks, `filters: ${kind}`, 1),
      whenTrouble: (kind) => add(lacks, `when: ${kind}`, 1),
    },
    dropped: () => dropped,
    lacks: () => lacks,
    changes: () => changes,
  };
}
