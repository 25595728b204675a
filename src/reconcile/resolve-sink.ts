import type { KubeClient } from '../kube/client.ts';
import type { Discovery } from '../kube/discovery.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { collectionPath, type GroupVersion, type Resource } from '../kube/resource.ts';
import {
  type Destination,
  readDestination,
  type SinkAddress,
  type SinkProblem,
  type SinkProblemCode,
  sinkProblem,
  type SinkReference,
} from './destination.ts';
import { addressOfObject, addressOfService, completeAddress, nameOf } from './sink-address.ts';
import type { Dependant, Tracker } from './tracker.ts';

export type ResolvedSink =
  | { readonly is: 'resolved'; readonly sink: SinkAddress }
  | {
      readonly is: 'unresolved';
      readonly code: SinkProblemCode;
      /** Upstream's reason of the condition SinkProvided, which has one for all that can go wrong with a sink. */
      readonly reason: 'NotFound' | 'SinkEmpty';
      /** For the message of the condition. */
      readonly sentence: string;
      /** Whether the tracker wakes nobody when it is mended (a kind that is not served yet), so that time has to. */
      readonly askAgain: boolean;
    };

export interface SinkIo {
  readonly kube: Pick<KubeClient, 'json'>;
  readonly discovery: Pick<Discovery, 'find'>;
  readonly tracker: Pick<Tracker<KubeObject>, 'track' | 'untrack'>;
}

export interface SinkOwner {
  /** Woken when the object behind the sink changes. */
  readonly by: Dependant;
  /** Of the object that has the destination; where its reference names none. */
  readonly namespace: string;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
}

const READ_TIMEOUT_MS = 10_000;

/**
 * Finds out where a destination leads (knative.dev/pkg/resolver), and else the true cause why it leads nowhere.
 * Reading what the informers have; a request is made only before these know every object.
 *
 * @throws KubeError when the API server could not say; then it is to be asked again
 */
export async function resolveSink(
  io: SinkIo,
  destination: Destination,
  owner: SinkOwner,
  signal: AbortSignal,
): Promise<ResolvedSink> {
  const wanted = readDestination(destination, owner.namespace);
  if (wanted.is !== 'reference') io.tracker.untrack(owner.by);
  if (wanted.is === 'problem') return unresolved(wanted);
  if (wanted.is === 'uri') return outcome(completeAddress({ uri: wanted.uri }, destination));

  const { reference, relativeUri } = wanted;
  const found = await readObject(io, reference, owner.by, signal);
  if (found.is === 'problem') return unresolved(found);
  const isService = reference.apiVersion === 'v1' && reference.kind === 'Service';
  const secure = Boolean(destination.CACerts);
  const own = isService
    ? addressOfService(found.object, reference, { domain: owner.clusterDomain, secure })
    : addressOfObject(found.object, reference);
  return own.is === 'problem' ? unresolved(own) : outcome(completeAddress(own.address, destination, relativeUri));
}

type Read = { readonly is: 'present'; readonly object: KubeObject } | SinkProblem;

async function readObject(
  { kube, discovery, tracker }: SinkIo,
  reference: SinkReference,
  by: Dependant,
  signal: AbortSignal,
): Promise<Read> {
  const { apiVersion, kind } = reference;
  const found = await discovery.find(groupVersionOf(apiVersion), { kind }, signal);
  if (found.is !== 'found') {
    tracker.untrack(by);
    return unknownKind(found, reference);
  }
  const { resource } = found;
  const seen = tracker.track({ ...reference, resource }, by);
  switch (seen.is) {
    case 'present':
      return seen;
    case 'absent':
      return notFound(reference);
    case 'unknown':
      return await askServer(kube, resource, reference, signal);
  }
}

async function askServer(
  kube: SinkIo['kube'],
  resource: Resource,
  reference: SinkReference,
  signal: AbortSignal,
): Promise<Read> {
  const path = `${collectionPath(resource, reference.namespace)}/${encodeURIComponent(reference.name)}`;
  try {
    return { is: 'present', object: await kube.json<KubeObject>({ path, signal, timeoutMs: READ_TIMEOUT_MS }) };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.code === 'notFound') return notFound(reference);
    if (error.code !== 'forbidden') throw error;
    const what = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
    return sinkProblem(
      'objectForbidden',
      `The controller may not read ${nameOf(reference)}; let it get, list and watch ${what}, by a ClusterRole with ` +
        'the label duck.knative.dev/addressable: "true".',
    );
  }
}

function notFound(reference: SinkReference): SinkProblem {
  const sentence = `${nameOf(reference)} (${reference.apiVersion}) does not exist; create it, or correct the sink's ref.`;
  return sinkProblem('objectNotFound', sentence);
}

function unknownKind(
  found: Exclude<Awaited<ReturnType<Discovery['find']>>, { readonly is: 'found' }>,
  { apiVersion, kind }: SinkReference,
): SinkProblem {
  switch (found.is) {
    case 'noGroupVersion':
      return sinkProblem(
        'groupVersionUnknown',
        `The API server does not serve ${apiVersion}, the apiVersion of the sink's ref; install its CRD, or correct it.`,
      );
    case 'noResource': {
      const near = found.near.slice(0, 3).join(', ');
      return sinkProblem(
        'kindUnknown',
        `The API server has no kind ${kind} in ${apiVersion}${near === '' ? '' : `; it has ${near}`}. ` +
          `Correct kind or apiVersion of the sink's ref, or install what defines it.`,
      );
    }
    case 'notWatchable':
      return sinkProblem(
        'kindUnwatchable',
        `The kind ${kind} in ${apiVersion} cannot be a sink: the API server does not offer to ` +
          `${found.missingVerbs.join(' or ')} its objects.`,
      );
  }
}

/** Nobody tracks a kind that is not served; all else is told by the object's informer, or by a change of the spec. */
const UNTOLD: ReadonlySet<SinkProblemCode> = new Set(['groupVersionUnknown', 'kindUnknown', 'kindUnwatchable']);

function unresolved({ code, sentence }: SinkProblem): ResolvedSink {
  const reason = code === 'nothingNamed' ? 'SinkEmpty' : 'NotFound';
  return { is: 'unresolved', code, reason, sentence, askAgain: UNTOLD.has(code) };
}

function outcome(result: ReturnType<typeof completeAddress>): ResolvedSink {
  return result.is === 'problem' ? unresolved(result) : { is: 'resolved', sink: result.address };
}

function groupVersionOf(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
