import { createHash } from 'node:crypto';
import type { KubeObject } from '../kube/object.ts';

/** Something worth telling whoever looks at an object: `kubectl describe` shows it, as a Kubernetes Event. */
export interface Notice {
  /** The object it is about. */
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** Why, in UpperCamelCase: `SinkNotFound`. */
  readonly reason: string;
  /** A sentence for people; cut to 1,024 characters. */
  readonly message: string;
}

/** A notice that was told once or more, in what time. Times in milliseconds since the epoch. */
export interface Told {
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** The most that events.k8s.io takes for a note. */
const LONGEST_MESSAGE = 1024;
const LONGEST_NAME = 253;

/**
 * Where the Event of a notice is kept. The same object, type, reason and message have the same name, so that what is
 * told again is counted, by another process too.
 */
export function eventAddress(notice: Notice): { readonly namespace: string; readonly name: string } {
  const { namespace = 'default', name } = notice.about.metadata;
  const suffix = `.${digestOf(notice)}`;
  const start = name.slice(0, LONGEST_NAME - suffix.length).replace(/[^a-z0-9]+$/, '');
  return { namespace, name: start + suffix };
}

/** The Event (core/v1) that tells a notice. @param component who tells it: `apiserversource-controller` */
export function eventOf(notice: Notice, told: Told, component: string): Readonly<Record<string, unknown>> {
  const { apiVersion, kind, metadata } = notice.about;
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: eventAddress(notice),
    involvedObject: { apiVersion, kind, namespace, name, uid, resourceVersion },
    type: notice.type,
    reason: notice.reason,
    message: messageOf(notice),
    source: { component },
    reportingComponent: component,
    firstTimestamp: inSeconds(told.first),
    ...eventPatch(told),
  };
}

/** What changes of an Event when it is told again. */
export function eventPatch({ count, last }: Told): { readonly count: number; readonly lastTimestamp: string } {
  return { count, lastTimestamp: inSeconds(last) };
}

function digestOf(notice: Notice): string {
  const { about, type, reason } = notice;
  const { apiVersion, kind, metadata } = about;
  const content = [apiVersion, kind, metadata.namespace, metadata.name, metadata.uid, type, reason, messageOf(notice)];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

function messageOf({ message }: Notice): string {
  return (message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`).toWellFormed();
}

/** metav1.Time's form. */
function inSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
