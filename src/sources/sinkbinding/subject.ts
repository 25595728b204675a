import { labelMatcher } from '../../kube/label-selector.ts';
import type { KubeObject, ObjectMeta } from '../../kube/object.ts';
import { groupVersionOf } from '../apiserver/spec.ts';
import { type LabelSelector, selectorText } from '../label-selector.ts';
import { boundPart, type GroupKind, type PodTemplate, podTemplateOf } from './pod-template.ts';
import { controllerOf } from '../../reconcile/ownership.ts';
import { SINK_BINDINGS } from './resources.ts';
import { specProblems } from './spec-problems.ts';
import type { SinkBinding } from './spec.ts';

/** What a binding binds, once nothing is wrong with its spec. */
export interface SubjectReference extends GroupKind {
  readonly version: string;
  readonly namespace: string;
  readonly name: string | undefined;
  readonly selector: LabelSelector | undefined;
}

/** An object that can be bound, as far as a binding is concerned with it. */
export interface Subject extends KubeObject {
  /** Undefined: it has no Pod template after all. */
  readonly template: PodTemplate | undefined;
  /** For a Job: whether it has come to its end. */
  readonly isFinished: boolean;
}

/** On each object that is bound, so that it is found again when nothing else tells that it was. */
export const BOUND_BY = 'watchbridge.dev/bound-by';

/**
 * The value of {@link BOUND_BY}. It names the kind, because a Deployment's annotations are copied to its ReplicaSets.
 */
export function markOf({ group, kind }: GroupKind, binding: string): string {
  return `${group === '' ? kind : `${kind}.${group}`}/${binding}`;
}

export function isMarked({ metadata }: KubeObject, kind: GroupKind, binding: string): boolean {
  return metadata.annotations?.[BOUND_BY] === markOf(kind, binding);
}

/** Whether it was bound by a binding that is there no longer: whoever else is concerned with it undoes that. */
export function isOrphaned({ metadata }: KubeObject, kind: GroupKind, bindings: readonly SinkBinding[]): boolean {
  const mark = metadata.annotations?.[BOUND_BY] ?? '';
  const ours = markOf(kind, '');
  return mark.startsWith(ours) && !bindings.some((it) => it.metadata.name === mark.slice(ours.length));
}

/** Undefined where the spec names no kind. */
export function subjectOf({ spec, metadata }: SinkBinding): SubjectReference | undefined {
  const { apiVersion = '', kind = '', name, selector } = spec.subject ?? {};
  const groupVersion = groupVersionOf(apiVersion);
  if (groupVersion === undefined || kind === '') return undefined;
  return { ...groupVersion, kind, namespace: metadata.namespace, name: name || undefined, selector };
}

/** What binding and object are compared by. An object that is about to be created may have no name yet. */
export type SubjectMeta = Partial<Pick<ObjectMeta, 'namespace' | 'name' | 'labels' | 'ownerReferences'>>;

/** Whether a binding means an object. One that is being deleted means none. */
export function means(binding: SinkBinding, kind: GroupKind, metadata: SubjectMeta): boolean {
  return binding.metadata.deletionTimestamp === undefined && selects(binding, kind, metadata);
}

/**
 * Whether a binding means an object, or did until it was deleted. One that has problems means none. What a source made
 * is told its sink by the source, or by the source's own binding: another one and the source would write in turns.
 */
export function selects(
  binding: SinkBinding,
  kind: GroupKind,
  { namespace, name, labels = {}, ownerReferences = [] }: SubjectMeta,
): boolean {
  if (binding.metadata.namespace !== namespace) return false;
  const source = ownerReferences.find(({ controller, apiVersion }) => controller === true && isOfSources(apiVersion));
  if (source !== undefined && controllerOf(binding)?.uid !== source.uid) return false;
  const subject = matcherOf(binding);
  if (subject === undefined || subject.group !== kind.group || subject.kind !== kind.kind) return false;
  return subject.name === undefined ? subject.matches(labels) : subject.name === name;
}

function isOfSources(apiVersion: string): boolean {
  return groupVersionOf(apiVersion)?.group === SINK_BINDINGS.group;
}

interface Matcher extends SubjectReference {
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean;
}

/** Of objects that nobody changes. Reading a selector takes 50 us, and each object is compared with every binding. */
const matchers = new WeakMap<SinkBinding, Matcher | 'none'>();

function matcherOf(binding: SinkBinding): Matcher | undefined {
  const known = matchers.get(binding) ?? makeMatcher(binding) ?? 'none';
  matchers.set(binding, known);
  return known === 'none' ? undefined : known;
}

function makeMatcher(binding: SinkBinding): Matcher | undefined {
  const subject = subjectOf(binding);
  if (subject === undefined || specProblems(binding.spec, binding.metadata.namespace).length > 0) return undefined;
  return { ...subject, matches: labelMatcher(selectorText(subject.selector ?? {})) };
}

/** Of several bindings that mean one object the oldest has it, and of equally old ones the first by name. */
export function holderOf(
  bindings: Iterable<SinkBinding>,
  kind: GroupKind,
  metadata: SubjectMeta,
): SinkBinding | undefined {
  let holder: SinkBinding | undefined;
  for (const it of bindings) {
    if (means(it, kind, metadata) && (holder === undefined || byAge(it, holder) < 0)) holder = it;
  }
  return holder;
}

/** What an informer has to hold of an object. */
export function subjectPart(object: KubeObject, kind: GroupKind): Subject {
  const { name, namespace, uid, labels, annotations, deletionTimestamp, ownerReferences } = object.metadata;
  const template = podTemplateOf(object, kind);
  const names = annotations && Object.entries(annotations).map(([key, value]) => [key, key === BOUND_BY ? value : '']);
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(labels && { labels }),
      // Others may be long; that they are there matters to a patch.
      ...(names && { annotations: Object.fromEntries(names) as Record<string, string> }),
      ...(deletionTimestamp && { deletionTimestamp }),
      ...(ownerReferences && { ownerReferences }),
    },
    template: template && boundPart(template),
    isFinished: isFinishedJob(object),
  };
}

function isFinishedJob(object: KubeObject): boolean {
  const { conditions = [] } = (object as JobStatus).status ?? {};
  return conditions.some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
}

interface JobStatus extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function byAge({ metadata: a }: SinkBinding, { metadata: b }: SinkBinding): number {
  const [since, other] = [a.creationTimestamp ?? '', b.creationTimestamp ?? ''];
  if (since !== other) return since < other ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
