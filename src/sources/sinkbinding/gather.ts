import type { KubeClient } from '../../kube/client.ts';
import type { Discovery } from '../../kube/discovery.ts';
import type { Resource } from '../../kube/resource.ts';
import type { Clock } from '../../process/clock.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { keyOf } from '../../reconcile/key.ts';
import { type ResolvedSink, resolveSink, type SinkIo } from '../../reconcile/resolve-sink.ts';
import type { Facts, FoundSubjects } from './plan.ts';
import type { SinkBinding } from './spec.ts';
import { subjectOf } from './subject.ts';
import type { SubjectInformers } from './subject-informers.ts';

/** Where facts come from. */
export interface GatherIo extends SinkIo {
  readonly kube: Pick<KubeClient, 'json'>;
  readonly discovery: Pick<Discovery, 'find'>;
  readonly clock: Clock;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  readonly bindings: Pick<Informer<SinkBinding>, 'get' | 'list'>;
  readonly subjects: SubjectInformers;
}

/** A list of a kind takes no longer in most clusters; what takes longer is told, and looked at when it is there. */
const PATIENCE_MS = 2_000;

/** All that the plan of a binding depends on, as it is now. @throws KubeError */
export async function gather(binding: SinkBinding, io: GatherIo, signal: AbortSignal): Promise<Facts> {
  const [sink, subjects] = await Promise.all([sinkOf(binding, io, signal), findSubjects(binding, io, signal)]);
  return { binding, now: io.clock.now(), sink, subjects, bindings: neighbours(binding, io), failures: [] };
}

/** Where the sink of a binding is, which is woken when that changes. @throws KubeError */
export async function sinkOf(
  binding: SinkBinding,
  io: SinkIo & Pick<GatherIo, 'clusterDomain'>,
  signal: AbortSignal,
): Promise<ResolvedSink> {
  const by = { key: keyOf(binding), role: 'sink' };
  const owner = { by, namespace: binding.metadata.namespace, clusterDomain: io.clusterDomain };
  return await resolveSink(io, binding.spec.sink ?? {}, owner, signal);
}

/** The bindings of a namespace, the newest state of this one among them. */
export function neighbours(binding: SinkBinding, { bindings }: Pick<GatherIo, 'bindings'>): readonly SinkBinding[] {
  const { namespace, name } = binding.metadata;
  const others = [...bindings.list()].filter(
    ({ metadata }) => metadata.namespace === namespace && metadata.name !== name,
  );
  return [...others, binding];
}

/** The objects that a binding may mean: those of the kind, in its namespace. @throws KubeError */
export async function findSubjects(
  binding: SinkBinding,
  io: Pick<GatherIo, 'discovery' | 'subjects' | 'clock'>,
  signal: AbortSignal,
): Promise<FoundSubjects> {
  const key = keyOf(binding);
  const wanted = subjectOf(binding);
  if (wanted === undefined) {
    io.subjects.release(key);
    return { is: 'unavailable', sentence: 'spec.subject names no kind.' };
  }
  const resource = await resourceOf(wanted, io, signal);
  if (typeof resource === 'string') {
    io.subjects.release(key);
    return { is: 'unavailable', sentence: resource };
  }
  const first = io.subjects.use(resource, key);
  if (!first.isSynced) await Promise.race([first.synced, io.clock.sleep(PATIENCE_MS, signal)]);
  const informer = io.subjects.use(resource, key);
  if (!informer.isSynced) {
    const sentence = informer.problem ?? `The ${resource.plural} are not listed yet.`;
    return { is: 'unavailable', sentence, resource };
  }
  const objects = [...informer.list()].filter(({ metadata }) => metadata.namespace === wanted.namespace);
  return { is: 'found', resource, objects };
}

/** The kind of a subject as it is served, or why it cannot be bound. */
async function resourceOf(
  { group, version, kind }: { readonly group: string; readonly version: string; readonly kind: string },
  { discovery }: Pick<GatherIo, 'discovery'>,
  signal: AbortSignal,
): Promise<Resource | string> {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const found = await discovery.find({ group, version }, { kind }, signal);
  switch (found.is) {
    case 'found':
      if (found.resource.namespaced) return found.resource;
      return `${kind} (${apiVersion}) is in no namespace, and a binding binds in its own only; correct spec.subject.`;
    case 'noGroupVersion':
      return `The API server does not serve ${apiVersion}, the apiVersion of the subject; install its CRD, or correct it.`;
    case 'noResource': {
      const near = found.near.slice(0, 3).join(', ');
      return `The API server has no kind ${kind} in ${apiVersion}${near === '' ? '' : `; it has ${near}`}. Correct spec.subject.`;
    }
    case 'notWatchable':
      return `${kind} (${apiVersion}) cannot be bound: the API server does not offer to ${found.missingVerbs.join(' or ')} it.`;
  }
}
