import type { KubeObject } from '../kube/object.ts';
import { labelMatcher } from '../kube/label-selector.ts';
import type { InformerEvent } from './informer.ts';

/** Whether an event is worth a reconcile. The rules are controller-runtime's (pkg/predicate). */
export type Predicate<T extends KubeObject = KubeObject> = (event: InformerEvent<T>) => boolean;

/**
 * What is wanted changed, not only the status or the metadata; what came or went passes. A kind without generations
 * never passes updates.
 */
export const generationChanged: Predicate = ifUpdated(
  (old, now) => old.metadata.generation !== now.metadata.generation,
);

/** Anything changed: not when everything was listed again after the server's versions went back. */
export const resourceVersionChanged: Predicate = ifUpdated(
  (old, now) => old.metadata.resourceVersion !== now.metadata.resourceVersion,
);

export const labelsChanged: Predicate = ifUpdated((old, now) => !areSame(old.metadata.labels, now.metadata.labels));

export const annotationsChanged: Predicate = ifUpdated(
  (old, now) => !areSame(old.metadata.annotations, now.metadata.annotations),
);

/** @param selector in the API server's query syntax; one that is none lets nothing pass */
export function labelsMatch(selector: string): Predicate {
  const matches = labelMatcher(selector);
  return ({ object }) => matches(object.metadata.labels ?? {});
}

export function and<T extends KubeObject>(...predicates: readonly Predicate<T>[]): Predicate<T> {
  return (event) => predicates.every((passes) => passes(event));
}

export function or<T extends KubeObject>(...predicates: readonly Predicate<T>[]): Predicate<T> {
  return (event) => predicates.some((passes) => passes(event));
}

/** Also of what came or went: `not(generationChanged)` passes nothing but updates. */
export function not<T extends KubeObject>(predicate: Predicate<T>): Predicate<T> {
  return (event) => !predicate(event);
}

function ifUpdated(differ: (old: KubeObject, now: KubeObject) => boolean): Predicate {
  return (event) => event.is !== 'updated' || differ(event.old, event.object);
}

/** Absent is empty. */
function areSame(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
