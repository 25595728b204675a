import type { KubeClient } from '../kube/client.ts';
import type { Discovery, Found } from '../kube/discovery.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { isEmptySelector, selectorText } from '../sources/label-selector.ts';
import { groupVersionOf, type Spec, type WatchedKind } from '../sources/apiserver/spec.ts';
import { pluralProblems, type Target, targetOf } from '../sources/apiserver/watched.ts';

/** The cluster that is asked; or why there is none, as a sentence. */
export type Cluster =
  | { readonly is: 'there'; readonly kube: Pick<KubeClient, 'json'>; readonly discovery: Pick<Discovery, 'find'> }
  | { readonly is: 'none'; readonly why: string };

/** What a source is about, as its controller would find it. */
export interface Gathered {
  readonly target: Target;
  /** Why that is not to be relied on; each is a sentence with a remedy. */
  readonly problems: readonly string[];
  /** What was taken for granted, as no cluster said it. */
  readonly notes: readonly string[];
}

const TIMEOUT_MS = 30_000;

/** Asks for the plural names of the kinds and the namespaces that match. @throws KubeError `aborted` */
export async function gatherTarget(
  spec: Spec,
  namespace: string,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Gathered> {
  const problems: string[] = [];
  const notes: string[] = [];
  const found = await Promise.all(
    spec.resources.map(async (entry, i): Promise<Found> => {
      const answer = await ask(entry, cluster, signal);
      const name = `spec.resources[${i}]`;
      if (typeof answer !== 'string') {
        const problem = obstacle(entry, answer);
        if (problem !== undefined) (entry.resource === undefined ? problems : notes).push(`${name}: ${problem}`);
        return answer;
      }
      if (entry.resource === undefined) {
        problems.push(
          `${name}: the plural name of ${entry.kind} is not known. ${answer} Write it as ${name}.resource.`,
        );
      } else notes.push(`${entry.resource} is taken to be in namespaces, as no cluster says otherwise.`);
      return { is: 'noGroupVersion' };
    }),
  );
  const matching = await matchingNamespaces(spec, cluster, signal);
  if (typeof matching === 'string')
    problems.push(`spec.namespaceSelector: which namespaces match is not known. ${matching}`);
  const target = targetOf(spec, namespace, found, typeof matching === 'string' ? [] : matching);
  return { target, problems: [...problems, ...pluralProblems(spec, found)], notes: [...new Set(notes)] };
}

/** Whether namespaces come and go: they are selected, and not all of them. */
export function selectsSome({ namespaceSelector }: Spec): boolean {
  return namespaceSelector !== undefined && !isEmptySelector(namespaceSelector);
}

/** What discovery says of a kind, or why it says nothing. */
async function ask({ apiVersion, kind }: WatchedKind, cluster: Cluster, signal: AbortSignal): Promise<Found | string> {
  if (cluster.is === 'none') return cluster.why;
  const groupVersion = groupVersionOf(apiVersion);
  if (groupVersion === undefined) return { is: 'noGroupVersion' };
  return await orWhyNot(cluster.discovery.find(groupVersion, { kind }, signal));
}

function obstacle({ apiVersion, kind }: WatchedKind, found: Found): string | undefined {
  switch (found.is) {
    case 'found':
      return undefined;
    case 'noGroupVersion':
      return `the API server does not serve ${apiVersion}; install what defines it, or correct apiVersion.`;
    case 'noResource':
      return `the API server has no ${kind} in ${apiVersion}; it has ${found.near.slice(0, 5).join(', ') || 'nothing there'}.`;
    case 'notWatchable':
      return `${kind} in ${apiVersion} cannot be watched: it lacks ${found.missingVerbs.join(' and ')}.`;
  }
}

/** In alphabetical order; or why they are not known. */
async function matchingNamespaces(
  spec: Spec,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly string[] | string> {
  if (!selectsSome(spec)) return [];
  if (cluster.is === 'none') return cluster.why;
  const request = {
    path: '/api/v1/namespaces',
    query: { labelSelector: selectorText(spec.namespaceSelector ?? {}) },
    accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
    signal,
    timeoutMs: TIMEOUT_MS,
  };
  const list = await orWhyNot(cluster.kube.json<{ readonly items: readonly KubeObject[] | null }>(request));
  return typeof list === 'string' ? list : (list.items ?? []).map(({ metadata }) => metadata.name).toSorted();
}

async function orWhyNot<T>(answer: Promise<T>): Promise<T | string> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.code !== 'aborted') return error.message;
    throw error;
  }
}
