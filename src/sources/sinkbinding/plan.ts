import type { Resource } from '../../kube/resource.ts';
import type { Condition } from '../../reconcile/conditions.ts';
import type { Notice } from '../../reconcile/notice.ts';
import { controllerOf } from '../../reconcile/ownership.ts';
import type { ResolvedSink } from '../../reconcile/resolve-sink.ts';
import { bind, type Injection, injectionIn, overridesText, unbind } from './bind.ts';
import { type Availability, conditionsOf } from './conditions.ts';
import { annotationPatch, type Operation, templatePatch, uidTest } from './json-patch.ts';
import { templatePath } from './pod-template.ts';
import type { SinkBinding, SinkBindingStatus } from './spec.ts';
import { specProblems } from './spec-problems.ts';
import {
  BOUND_BY,
  holderOf,
  isMarked,
  isOrphaned,
  markOf,
  means,
  selects,
  type Subject,
  subjectOf,
} from './subject.ts';

/** All that a plan depends on. */
export interface Facts {
  readonly binding: SinkBinding;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly sink: ResolvedSink;
  readonly subjects: FoundSubjects;
  /** All of the namespace, of which several can mean one object. */
  readonly bindings: readonly SinkBinding[];
  /** What came of changes: those that the API server would not have, each as a sentence. */
  readonly failures: readonly string[];
}

/**
 * The objects of the kind that a binding means, in its namespace. `sentence`: why they are not known; with `resource`,
 * the kind is served, and they may only not be listed yet.
 */
export type FoundSubjects =
  | { readonly is: 'found'; readonly resource: Resource; readonly objects: readonly Subject[] }
  | { readonly is: 'unavailable'; readonly sentence: string; readonly resource?: Resource };

/** A notice about the binding. */
export type BindingNotice = Omit<Notice, 'about'>;

/** One object that is to be bound or undone. */
export interface Change {
  readonly is: 'bind' | 'unbind';
  readonly subject: Subject;
  /** A JSON patch of it. */
  readonly patch: readonly Operation[];
}

export interface Plan {
  readonly changes: readonly Change[];
  readonly status: SinkBindingStatus;
  readonly notices: readonly BindingNotice[];
  /** Why this is not what the binding wants, although another time it may be: to be tried again. */
  readonly failure?: string;
}

/**
 * What a binding needs (knative.dev/pkg/webhook/psbinding, ReconcileSubject). While its sink is not known its objects
 * stay as they are: what runs goes on with what it was last told.
 *
 * A plan of its own outcome changes nothing.
 */
export function plan(facts: Facts): Plan {
  const { binding, sink, subjects, now } = facts;
  const availability = availabilityOf(facts);
  const status = statusOf(facts, conditionsOf(binding.status, availability, sinkProblem(sink), now));
  const changes = subjects.is === 'found' ? changesOf(facts, subjects) : [];
  if (availability.is === 'bound') return { changes, status, notices: [] };
  const { reason, message } = availability;
  const isOurs = reason === 'InvalidSpec' || reason === 'SubjectAlreadyBound' || reason === 'SubjectImmutable';
  return {
    changes,
    status,
    notices: [{ type: 'Warning', reason: isOurs ? reason : 'InternalError', message }],
    ...(!isOurs && reason !== 'SubjectMissing' && { failure: message }),
  };
}

/** What a binding puts into Pods; undefined while its sink is not known. */
export function injectionOf({ spec }: SinkBinding, sink: ResolvedSink): Injection | undefined {
  if (sink.is !== 'resolved') return undefined;
  const { uri, CACerts } = sink.sink;
  return { sink: uri, ...(CACerts && { caCerts: CACerts }), ceOverrides: overridesText(spec.ceOverrides) };
}

/**
 * What undoes a binding that is to go. Objects that another one means are its business, and what belongs to the same
 * owner goes with it.
 */
export function undoing({ binding, subjects, bindings }: Omit<Facts, 'sink' | 'now' | 'failures'>): readonly Change[] {
  if (subjects.is !== 'found') return [];
  const { resource, objects } = subjects;
  const owner = controllerOf(binding)?.uid;
  return objects
    .filter(
      (it) =>
        isMarked(it, resource, binding.metadata.name) ||
        selects(binding, resource, it.metadata) ||
        isOrphaned(it, resource, bindings),
    )
    .filter((it) => holderOf(bindings, resource, it.metadata) === undefined)
    .filter((it) => owner === undefined || controllerOf(it)?.uid !== owner)
    .flatMap((it) => unbinding(it, resource));
}

function changesOf({ binding, bindings, sink }: Facts, found: FoundSubjects & { is: 'found' }): readonly Change[] {
  const { resource, objects } = found;
  const { uid, name } = binding.metadata;
  const injection = injectionOf(binding, sink);
  return objects.flatMap((subject) => {
    const holder = holderOf(bindings, resource, subject.metadata);
    if (holder?.metadata.uid === uid)
      return injection === undefined ? [] : bindingOf(subject, resource, name, injection);
    const isLeft = isMarked(subject, resource, name) || isOrphaned(subject, resource, bindings);
    return holder === undefined && isLeft ? unbinding(subject, resource) : [];
  });
}

function bindingOf(subject: Subject, resource: Resource, name: string, injection: Injection): readonly Change[] {
  if (!canChange(subject, resource) || subject.template === undefined) return [];
  const patch = [
    ...templatePatch(subject.template, bind(subject.template, injection), templatePath(resource)),
    ...annotationPatch(subject.metadata.annotations, BOUND_BY, markOf(resource, name)),
  ];
  return patch.length === 0 ? [] : [{ is: 'bind', subject, patch: [uidTest(subject.metadata.uid), ...patch] }];
}

function unbinding(subject: Subject, resource: Resource): readonly Change[] {
  if (!canChange(subject, resource) || subject.template === undefined) return [];
  const isBound = subject.metadata.annotations?.[BOUND_BY] !== undefined;
  const patch = [
    ...templatePatch(subject.template, unbind(subject.template), templatePath(resource)),
    ...(isBound ? annotationPatch(subject.metadata.annotations, BOUND_BY, undefined) : []),
  ];
  return patch.length === 0 ? [] : [{ is: 'unbind', subject, patch: [uidTest(subject.metadata.uid), ...patch] }];
}

/** The template of a Job is fixed: the webhook binds new ones, and those that are there stay as they are. */
function canChange({ metadata }: Subject, { group, kind }: Resource): boolean {
  return metadata.deletionTimestamp === undefined && !isJob({ group, kind });
}

function isJob({ group, kind }: Pick<Resource, 'group' | 'kind'>): boolean {
  return group === 'batch' && kind === 'Job';
}

function availabilityOf({ binding, bindings, sink, subjects, failures }: Facts): Availability {
  const unavailable = (reason: (Availability & { is: 'unavailable' })['reason'], message: string): Availability => ({
    is: 'unavailable',
    reason,
    message,
  });
  const problems = specProblems(binding.spec, binding.metadata.namespace);
  if (problems.length > 0) return unavailable('InvalidSpec', problems.join(' '));
  if (subjects.is === 'unavailable') return unavailable('SubjectUnavailable', subjects.sentence);
  if (failures.length > 0) return unavailable('BindingFailed', failures.join(' '));
  const { resource, objects } = subjects;
  const meant = objects.filter((it) => means(binding, resource, it.metadata));
  const name = subjectOf(binding)?.name;
  if (name !== undefined && meant.length === 0) {
    // As client-go says it.
    const what = [resource.plural, resource.group].filter((part) => part !== '').join('.');
    return unavailable('SubjectMissing', `${what} "${name}" not found`);
  }
  const bare = meant.find(({ template }) => template === undefined);
  if (bare !== undefined) {
    const at = templatePath(resource).join('.');
    const sentence = `${resource.kind} ${bare.metadata.name} has no Pod template at ${at}; correct spec.subject.`;
    return unavailable('BindingFailed', sentence);
  }
  for (const subject of meant) {
    const holder = holderOf(bindings, resource, subject.metadata);
    if (holder === undefined || holder.metadata.uid === binding.metadata.uid) continue;
    const sentence = `${resource.kind} ${subject.metadata.name} is bound by SinkBinding ${holder.metadata.name}, which is older; let only one of them mean it.`;
    return unavailable('SubjectAlreadyBound', sentence);
  }
  const fixed = name !== undefined && isJob(resource) && meant.find((it) => isLeftOut(it, injectionOf(binding, sink)));
  if (fixed) {
    const sentence = `Job ${fixed.metadata.name} was created before it could be bound, and its Pods cannot be changed; delete it and create it anew.`;
    return unavailable('SubjectImmutable', sentence);
  }
  return { is: 'bound' };
}

/** Whether a Job still runs without a sink; one that was told an earlier one goes on with that. */
function isLeftOut({ isFinished, template }: Subject, injection: Injection | undefined): boolean {
  if (isFinished || template === undefined || injection === undefined) return false;
  return injectionIn(template) === undefined && bind(template, injection) !== template;
}

/** Upstream has one reason for all that can go wrong, but for nothing being named. */
function sinkProblem(sink: ResolvedSink): Parameters<typeof conditionsOf>[2] {
  if (sink.is === 'resolved') return undefined;
  if (sink.reason === 'SinkEmpty') return { reason: 'SinkEmpty', message: sink.sentence };
  return {
    reason: 'NoAddressable',
    message: `Addressable could not be extracted from destination: ${sink.sentence}`,
  };
}

/** Of a sink that is not known the last address stays, unless another one may be meant by now. */
function statusOf(
  { binding: { metadata, status = {} }, sink }: Facts,
  conditions: readonly Condition[],
): SinkBindingStatus {
  if (sink.is === 'unresolved' && status.observedGeneration === metadata.generation) return { ...status, conditions };
  const { sinkUri: _uri, sinkCACerts: _certificates, sinkAudience: _audience, ...rest } = status;
  if (sink.is === 'unresolved') return { ...rest, conditions };
  const { uri, CACerts, audience } = sink.sink;
  return {
    ...rest,
    conditions,
    sinkUri: uri,
    ...(CACerts && { sinkCACerts: CACerts }),
    ...(audience && { sinkAudience: audience }),
  };
}
