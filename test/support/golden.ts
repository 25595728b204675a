import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Received } from './recording-sink.ts';

/**
 * An event without what differs between two runs, or between two HTTP clients. JSON is compared as values, which
 * leaves the order of keys out of account.
 */
export interface ComparableEvent {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What the HTTP client adds for itself, and the two extensions that are ours. */
const BESIDE_THE_EVENT = new Set([
  'accept-encoding',
  'ce-resourceversion',
  'ce-uid',
  'connection',
  'content-length',
  'host',
  'user-agent',
]);
/** Attributes that have another value in each run. */
const ATTRIBUTES_OF_A_RUN = new Set(['ce-id', 'ce-source', 'ce-time']);
/** Members of an object that have another value in each run. */
const MEMBERS_OF_A_RUN = new Set([
  'creationTimestamp',
  'deletionTimestamp',
  'lastTransitionTime',
  'lastUpdateTime',
  'resourceVersion',
  'time',
  'uid',
]);
const OF_A_RUN = '(of a run)';

/** The events that upstream's adapter sent, from a recording in test/golden. */
export function goldenEvents(file: string): ComparableEvent[] {
  const path = new URL(`../golden/${file}`, import.meta.url);
  const recorded = JSON.parse(readFileSync(path, 'utf8')) as { headers: Record<string, string[]>; body: string }[];
  return recorded.map(({ headers, body }) =>
    comparable(
      Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values.join(', ')]),
      Buffer.from(body),
    ),
  );
}

export function comparableEvents(received: readonly Received[]): ComparableEvent[] {
  return received.map(({ headers, body }) =>
    comparable(
      Object.entries(headers).map(([name, value]) => [name, String(value)]),
      body,
    ),
  );
}

/** Events of different objects come in any order; those of one object do not. */
export function bySubject(events: readonly ComparableEvent[]): Record<string, readonly ComparableEvent[]> {
  const subjects = Object.groupBy(events, ({ subject }) => subject);
  return Object.fromEntries(Object.entries(subjects).map(([subject, group]) => [subject, group ?? []]));
}

function comparable(headers: readonly [string, string][], body: Buffer): ComparableEvent {
  const all = Object.fromEntries(headers);
  assert.equal(all['content-length'], String(body.length));
  const kept = headers
    .filter(([name]) => !BESIDE_THE_EVENT.has(name))
    .map(([name, value]) => [name, ATTRIBUTES_OF_A_RUN.has(name) ? OF_A_RUN : value]);
  return {
    subject: all['ce-subject'] ?? '',
    headers: Object.fromEntries(kept) as Record<string, string>,
    body: JSON.parse(body.toString(), (key, value: unknown) =>
      MEMBERS_OF_A_RUN.has(key) && typeof value === 'string' ? OF_A_RUN : value,
    ),
  };
}
