import { readSourceConfig } from '../../adapter/source-config.ts';
import { overrideProblems } from '../override-problems.ts';
import { selectorProblems } from '../label-selector.ts';
import { groupVersionOf, type Spec } from './spec.ts';

/**
 * What is wrong with a spec that the API server has let pass: because the schema cannot see it, or was not there when
 * the object was stored. Each is a sentence; none: an adapter can be made for it.
 */
export function specProblems(spec: Spec): string[] {
  return [
    ...resourceProblems(spec),
    ...selectorProblems(spec.namespaceSelector ?? {}).map((problem) => `spec.namespaceSelector.${problem}.`),
    ...ownerProblems(spec),
    ...overrideProblems(spec),
    ...replicaProblems(spec),
  ];
}

/** Linux' MAX_ARG_STRLEN, less the name of the variable. */
const MOST_BYTES = 128 * 1024 - 'K_SOURCE_CONFIG='.length - 1;

/**
 * What the adapter would say about its configuration, in the words of the spec. It is asked beforehand, so that filters,
 * durations and expressions are judged by who has to understand them, and not by a Pod that does not start.
 *
 * @throws where there are expressions and `loadCel` was not called
 */
export function configProblems(sourceConfig: string): string[] {
  const bytes = Buffer.byteLength(sourceConfig);
  if (bytes > MOST_BYTES) {
    return [
      `The spec makes a configuration of ${bytes} bytes, and no program can be started with a variable of more than ${MOST_BYTES}; let the account get, list and watch namespaces, so that their names are not in it, or make several sources.`,
    ];
  }
  const read = readSourceConfig(sourceConfig);
  if ('problems' in read) return read.problems.map((problem) => problem.replace(/^K_SOURCE_CONFIG\b/, 'spec'));
  return read.unknownFields.map((field) => `spec.${field} means nothing to the adapter.`);
}

function resourceProblems({ resources }: Spec): string[] {
  if (resources.length === 0) return ['spec.resources is empty; name at least one kind to watch.'];
  return resources.flatMap(({ apiVersion, kind, selector = {} }, i) => {
    const at = `spec.resources[${i}]`;
    return [
      ...(groupVersionOf(apiVersion) === undefined
        ? [`${at}.apiVersion must be GROUP/VERSION, or v1 for the core group: found ${JSON.stringify(apiVersion)}.`]
        : []),
      ...(kind.trim() === '' ? [`${at}.kind is empty; it must be a kind, such as Pod.`] : []),
      ...selectorProblems(selector).map((problem) => `${at}.selector.${problem}.`),
    ];
  });
}

function ownerProblems({ owner }: Spec): string[] {
  if (owner === undefined) return [];
  const { apiVersion = '', kind } = owner;
  return [
    ...(apiVersion !== '' && groupVersionOf(apiVersion) === undefined
      ? [`spec.owner.apiVersion must be GROUP/VERSION, or v1: found ${JSON.stringify(apiVersion)}.`]
      : []),
    ...(kind.trim() === '' ? ['spec.owner.kind is empty; it must be a kind, such as ReplicaSet.'] : []),
  ];
}

function replicaProblems({ adapter, checkpoint }: Spec): string[] {
  const replicas = adapter?.replicas ?? 1;
  if (replicas === 1 || checkpoint !== 'None') return [];
  return [
    `spec.adapter.replicas is ${replicas}, but with checkpoint None replicas have no Lease to take turns by, and each would send every event; use Position or Full, or one replica.`,
  ];
}
