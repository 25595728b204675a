import { LRUCache } from 'lru-cache';
import type { CloudEvent } from '../../events/cloud-event.ts';
import { overrideProblems } from '../override-problems.ts';
import { nextTime } from './next-time.ts';
import { type Payload, payloadOf, payloadProblems } from './payload.ts';
import { type ReadSchedule, readSchedule, type Schedule } from './schedule.ts';
import { ceAttributes, type PingSource, type PingSpec, scheduleText } from './spec.ts';

/** A source that fires: when, what and whereto. */
export interface Firing {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly schedule: Schedule;
  /** Another one means another schedule. */
  readonly scheduleText: string;
  /** Since when it is to fire, in milliseconds since the epoch: since its sink is known. */
  readonly since: number;
  readonly sink: { readonly uri: string; readonly CACerts: string };
  readonly payload: Payload;
  /** Names in lower case. */
  readonly extensions: Readonly<Record<string, string>>;
}

/** What is wrong with the spec, all of it, each as a sentence. */
export function specProblems(spec: PingSpec): string[] {
  const read = scheduleOf(spec);
  return [
    ...(read.is === 'problem' ? [read.sentence] : neverProblems(spec, read.schedule)),
    ...payloadProblems(spec),
    ...overrideProblems({ ceOverrides: spec.ceOverrides }),
  ];
}

/** Undefined: it does not fire, as its spec is wrong or its sink is not known. */
export function firingOf(source: PingSource): Firing | undefined {
  const { metadata, spec, status = {} } = source;
  const read = scheduleOf(spec);
  const provided = status.conditions?.find(({ type }) => type === 'SinkProvided');
  const isKnown = status.sinkUri !== undefined && provided?.status === 'True' && URL.canParse(status.sinkUri);
  if (!isKnown || read.is === 'problem' || specProblems(spec).length > 0) return undefined;
  if (metadata.deletionTimestamp !== undefined) return undefined;
  const since = provided.lastTransitionTime ?? metadata.creationTimestamp ?? '';
  return {
    uid: metadata.uid,
    namespace: metadata.namespace,
    name: metadata.name,
    schedule: read.schedule,
    scheduleText: textOf(spec),
    since: Date.parse(since) || 0,
    sink: { uri: status.sinkUri, CACerts: status.sinkCACerts ?? '' },
    payload: payloadOf(spec),
    extensions: lowerCased(spec.ceOverrides?.extensions ?? {}),
  };
}

/**
 * The event of one firing. Its id and its time say which one it is, so that it is the same event however late, and by
 * whomever, it is sent.
 *
 * @param at the time by the schedule, a full second in milliseconds since the epoch
 */
export function pingEvent({ uid, namespace, name, payload, extensions }: Firing, at: number): CloudEvent {
  return {
    ...ceAttributes({ namespace, name }),
    id: pingId(uid, at),
    time: new Date(at).toISOString().replace('.000Z', 'Z'),
    ...(payload.contentType !== undefined && { datacontenttype: payload.contentType }),
    extensions,
    ...(payload.data !== undefined && { data: payload.data }),
  };
}

/** Of the source that an event is of. */
export function namespaceOf({ source }: CloudEvent): string {
  return source.split('/')[4] ?? '';
}

/** Of the firing of the source `uid` at `at`. */
export function pingId(uid: string, at: number): string {
  return `${uid}.${at / 1_000}`;
}

/** The inverse of {@link pingId}. */
export function readPingId(id: string): { readonly uid: string; readonly at: number } | undefined {
  const [, uid, seconds] = /^(.+)\.(\d{1,12})$/.exec(id) ?? [];
  return uid === undefined ? undefined : { uid, at: Number(seconds) * 1_000 };
}

/** Many sources have the same one. */
const schedules = new LRUCache<string, ReadSchedule>({ max: 20_000 });

function scheduleOf(spec: PingSpec): ReadSchedule {
  const text = textOf(spec);
  const known = schedules.get(text);
  if (known !== undefined) return known;
  const read = readSchedule(scheduleText(spec), spec.timezone);
  schedules.set(text, read);
  return read;
}

function textOf(spec: PingSpec): string {
  return `${spec.timezone ?? ''}|${scheduleText(spec)}`;
}

/** Before a February 29, and fixed: the answer is not to depend on today. */
const SOME_DAY = Date.UTC(2024, 1, 28);

/** To find that none comes takes some tens of milliseconds, and every change of a source asks. */
const everComes = new WeakMap<Schedule, boolean>();

/** Upstream takes such a schedule and is silent for ever. */
function neverProblems(spec: PingSpec, schedule: Schedule): string[] {
  const comes = everComes.get(schedule) ?? nextTime(schedule, SOME_DAY) !== undefined;
  everComes.set(schedule, comes);
  if (comes) return [];
  const found = JSON.stringify(scheduleText(spec));
  return [`spec.schedule names a time that never comes: found ${found}; correct the day or the month.`];
}

function lowerCased(extensions: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(extensions).map(([name, value]) => [name.toLowerCase(), value]));
}
