import type { Lanes } from '../delivery/lanes.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import { type ContentMode, encodeEvent } from '../events/encode.ts';
import { createSizeHistogram, type SizeHistogram } from './size-histogram.ts';

/** What was seen of the events of one type about one resource. */
export interface EventRow {
  /** As kubectl writes it: `deployments.apps`. */
  readonly resource: string;
  /** Of the CloudEvent. */
  readonly type: string;
  readonly events: number;
  /** Those of them that came before {@link EventCounter.begin}: about what existed already. */
  readonly eventsAtStart: number;
  /** Of the bodies of requests. */
  readonly bytes: number;
  readonly medianBytes: number;
  readonly p99Bytes: number;
  readonly largestBytes: number;
}

export interface EventCounter {
  /** Takes the place of the delivery: every event is counted, and settled as if the sink had taken it. */
  readonly lanes: Lanes;
  /** What comes from now on has happened while it was watched. */
  begin(): void;
  /** In alphabetical order. */
  rows(): readonly EventRow[];
  total(): EventRow;
  /** Of different types and resources first, each as it came. */
  samples(): readonly CloudEvent[];
}

interface Row {
  readonly resource: string;
  readonly type: string;
  readonly sizes: SizeHistogram;
  /** Undefined: it has not begun. */
  atStart: number | undefined;
}

/** @param most how many samples are kept */
export function createEventCounter(mode: ContentMode, most: number): EventCounter {
  const rows = new Map<string, Row>();
  const all: Row = { resource: '', type: '', sizes: createSizeHistogram(), atStart: undefined };
  const firsts: CloudEvent[] = [];
  const others: CloudEvent[] = [];

  const count = (lane: string, event: CloudEvent): void => {
    const resource = lane.slice(0, lane.indexOf('/')).replace(/\.$/, '');
    const key = `${resource} ${event.type}`;
    const isFirst = !rows.has(key);
    const begun = all.atStart === undefined ? undefined : 0;
    const row = rows.get(key) ?? { resource, type: event.type, sizes: createSizeHistogram(), atStart: begun };
    rows.set(key, row);
    const bytes = encodeEvent(event, mode).body.length;
    row.sizes.add(bytes);
    all.sizes.add(bytes);
    const kept = isFirst ? firsts : others;
    if (kept.length < most) kept.push(owned(event));
  };

  return {
    lanes: {
      send: ({ lane, event, settled }) => {
        count(lane, event);
        settled('delivered');
      },
      room: () => undefined,
      wake: () => undefined,
      idle: async () => undefined,
      gauges: () => ({ inFlight: 0, queued: 0, queuedBytes: 0 }),
    },
    begin: () => {
      for (const row of [all, ...rows.values()]) row.atStart = row.sizes.count;
    },
    rows: () => [...rows.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => told(row)),
    total: () => told(all),
    samples: () => [...firsts, ...others].slice(0, most),
  };
}

function told({ resource, type, sizes, atStart = sizes.count }: Row): EventRow {
  return {
    resource,
    type,
    events: sizes.count,
    eventsAtStart: atStart,
    bytes: sizes.total,
    medianBytes: sizes.quantile(0.5),
    p99Bytes: sizes.quantile(0.99),
    largestBytes: sizes.largest,
  };
}

/** The data is mostly a slice of what was read from a socket, and would keep all of that alive. */
function owned(event: CloudEvent): CloudEvent {
  return event.data === undefined ? event : { ...event, data: new Uint8Array(event.data) };
}
