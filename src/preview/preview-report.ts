import type { AdapterConfig } from '../adapter/config.ts';
import { tellsClearSecrets } from '../adapter/payload-config.ts';
import type { EventRow } from './event-counter.ts';
import type { PlannedStream } from './planned-streams.ts';
import type { Rights } from './rights.ts';
import type { Watched } from './run-preview.ts';
import { type Sample, sampleOf } from './samples.ts';
import type { Grant } from './watch-rights.ts';

/** What is known before anything is watched. */
export interface Prospect {
  /** `shop/web`. */
  readonly source: string;
  /** The URL of the API server. */
  readonly server: string;
  readonly streams: readonly PlannedStream[];
  readonly rights: { readonly you: Rights; readonly serviceAccount: Rights };
  /** What gives the ServiceAccount the rights; empty where it has them. */
  readonly grants: readonly Grant[];
  readonly warnings: readonly string[];
}

/** With events a second, without those about what existed at the start. */
export type RatedRow = EventRow & { readonly perSecond: number };

/** What was seen: numbers for machines. */
export interface Findings {
  /** Of watching. */
  readonly seconds: number;
  readonly established: number;
  readonly total: number;
  /** What keeps streams from being established. */
  readonly problems: readonly string[];
  /** Changes that the streams found, told or not. */
  readonly changes: number;
  readonly events: readonly RatedRow[];
  readonly all: RatedRow;
  readonly dropped: readonly { readonly reason: string; readonly meaning: string; readonly objects: number }[];
  /** Events that carry less than was asked for, and expressions that came to nothing. */
  readonly lacks: readonly { readonly what: string; readonly times: number }[];
  readonly secrets: 'not watched' | 'redacted' | 'clear text';
  readonly samples: readonly Sample[];
}

/** The reasons of `suppressed_total`, in the words of the spec where it has some. */
const MEANINGS: Readonly<Record<string, string>> = {
  unselected: 'owner: not controlled by what spec.owner names',
  outside: 'namespaces: in one that is excluded or not selected',
  left: 'namespaces: in one that ceased to match',
  own: 'the adapter’s own Lease and ConfigMaps',
  unchanged: 'changes: none of the parts that spec.resources[].changes lists',
  when: 'when: not one for which the expression is true',
  noTransition: 'trigger: the value of when stays the same',
  series: 'eventSeries: a repetition of an Event',
  debounced: 'debounce: a newer update followed in time',
  filtered: 'filters: an event that spec.filters does not let pass',
  repeated: 'resources: told by another entry already',
  duplicate: 'known already in this state',
  backInTime: 'older than what is known',
};

/** The findings of a preview. */
export function findingsOf({ source }: AdapterConfig, watched: Watched): Findings {
  const { events, drops, seconds, streams } = watched;
  const rated = (row: EventRow): RatedRow => ({ ...row, perSecond: rate(row.events - row.eventsAtStart, seconds) });
  const watchesSecrets = source.resources.some(({ gvr }) => gvr.Group === '' && gvr.Resource === 'secrets');
  return {
    seconds: Math.round(seconds * 10) / 10,
    established: streams.established,
    total: streams.total,
    problems: streams.problems,
    changes: drops.changes(),
    events: events.rows().map(rated),
    all: rated(events.total()),
    dropped: [...drops.dropped()].map(([reason, objects]) => ({
      reason,
      meaning: MEANINGS[reason] ?? reason,
      objects,
    })),
    lacks: [...drops.lacks()].map(([what, times]) => ({ what, times })),
    secrets: watchesSecrets ? (tellsClearSecrets(source) ? 'clear text' : 'redacted') : 'not watched',
    samples: events.samples().map((event) => sampleOf(event, source)),
  };
}

function rate(count: number, seconds: number): number {
  return seconds === 0 ? 0 : Math.round((count / seconds) * 10) / 10;
}
