import { labelMatcher } from '../../kube/label-selector.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { InformerEvent } from '../../reconcile/informer.ts';
import { selectorText } from '../label-selector.ts';
import type { ApiServerSource } from './spec.ts';

type Matches = (labels: Readonly<Record<string, string>>) => boolean;
type Selecting = Pick<ApiServerSource, 'metadata' | 'spec'>;

/** Whether the namespaces that a source selects, or names, are others after this event of one. */
export function selectsAnew(source: Selecting, event: InformerEvent<KubeObject>): boolean {
  // One that is named and was not there kept its rights from being granted.
  const isNamed = source.spec.namespaces?.include?.includes(event.object.metadata.name) === true;
  if (isNamed) return event.is !== 'updated';
  const matches = matcherOf(source);
  const now = matches(event.object.metadata.labels ?? {});
  return event.is === 'updated' ? now !== matches(event.old.metadata.labels ?? {}) : now;
}

/**
 * Whether what is granted in a namespace can be a right that the source needs.
 * @param namespace undefined: what is granted in the whole cluster
 */
export function mayWatchIn({ metadata, spec }: Selecting, namespace: string | undefined): boolean {
  const { namespaces, namespaceSelector } = spec;
  if (namespace === undefined) return true;
  if (namespaces?.include !== undefined) return namespaces.include.includes(namespace);
  return namespaceSelector !== undefined || namespace === metadata.namespace;
}

const NONE: Matches = () => false;

/** Of objects that nobody changes. Reading a selector takes 50 us, and each namespace is compared with every source. */
const matchers = new WeakMap<Selecting, Matches>();

function matcherOf(source: Selecting): Matches {
  const { namespaceSelector } = source.spec;
  if (namespaceSelector === undefined) return NONE;
  const matches = matchers.get(source) ?? labelMatcher(selectorText(namespaceSelector));
  matchers.set(source, matches);
  return matches;
}
