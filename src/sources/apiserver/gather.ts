import { parseReport, REPORT_ANNOTATION } from '../../adapter/source-report.ts';
import { loadCel } from '../../events/cel/load-cel.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Discovery, Found } from '../../kube/discovery.ts';
import { KubeError } from '../../kube/errors.ts';
import { labelMatcher } from '../../kube/label-selector.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Clock } from '../../process/clock.ts';
import type { Destination } from '../../reconcile/destination.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { keyOf } from '../../reconcile/key.ts';
import type { ObjectIndex } from '../../reconcile/object-index.ts';
import { type ResolvedSink, resolveSink, type SinkIo } from '../../reconcile/resolve-sink.ts';
import type { PermissionChecks } from './check-permissions.ts';
import type { Deployment } from '../../reconcile/deployment.ts';
import type { Installation } from './deployment.ts';
import type { Facts } from './facts.ts';
import { stateName } from './identity.ts';
import { isEmptySelector, selectorText } from '../label-selector.ts';
import { serviceAccount } from './permissions.ts';
import { type ApiServerSource, groupVersionOf, skipsPermissionsCheck, type Spec, withDefaults } from './spec.ts';
import { specProblems } from './spec-problems.ts';
import { type Target, targetOf } from './watched.ts';

/** Where facts come from. */
export interface GatherIo extends SinkIo {
  readonly kube: Pick<KubeClient, 'json'>;
  readonly discovery: Pick<Discovery, 'find'>;
  readonly clock: Clock;
  readonly checks: PermissionChecks;
  readonly installation: Installation;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  readonly namespaces: Pick<Informer<KubeObject>, 'list'>;
  /** See Facts. */
  readonly authorities: () => string;
  readonly deployments: Pick<Informer<Deployment>, 'get'>;
  /** With their annotations. */
  readonly leases: Pick<Informer<KubeObject>, 'get'>;
  /** Metadata of the roles and bindings that were made for sources, by the uid of the source. */
  readonly grants: ObjectIndex<KubeObject>;
}

const POLICIES = '/apis/admissionregistration.k8s.io/v1';
const POLICY = 'watchbridge-managed-rbac';
const TIMEOUT_MS = 10_000;

/** All that the plan of a source depends on, as it is now but for its Deployment. @throws KubeError */
export async function gather(source: ApiServerSource, io: GatherIo, signal: AbortSignal): Promise<Facts> {
  const spec = withDefaults(source.spec);
  const { namespace, name, uid } = source.metadata;
  const [sink, deadLetterSink, found] = await Promise.all([
    resolve(source, 'sink', spec.sink, io, signal),
    resolveDeadLetterSink(source, spec, io, signal),
    findAll(spec, io, signal),
  ]);
  // What comes of the facts is planned at once, and expressions are compiled on the way.
  if (spec.resources.some(({ when }) => when !== undefined)) await loadCel();
  const matchingNamespaces = matching(spec, io);
  const target = targetOf(spec, namespace, found, matchingNamespaces);
  const account = serviceAccount(namespace, spec.serviceAccountName);
  const needsRights = sink.is === 'resolved' && specProblems(spec).length === 0 && !skipsPermissionsCheck(source);
  const lease = io.leases.get(namespace, stateName(name));
  return {
    source,
    now: io.clock.now(),
    installation: io.installation,
    sink,
    deadLetterSink,
    authorities: io.authorities(),
    found,
    matchingNamespaces,
    missingRights: needsRights ? await missingRights(source, spec, target, io, signal) : undefined,
    mayFollowNamespaces: await mayFollow(spec, account, io, signal),
    authorsAreAsked: spec.rbac === 'Managed' && (await authorsAreAsked(io, signal)),
    obstacles: [],
    deployment: undefined,
    granted: [...io.grants.of(uid)],
    report: parseReport(lease?.metadata.annotations?.[REPORT_ANNOTATION]),
  };
}

/** Of an account that does not exist, that is the first thing to know. */
async function missingRights(
  { metadata: { namespace } }: ApiServerSource,
  { serviceAccountName: name }: Spec,
  target: Target,
  { kube, checks }: GatherIo,
  signal: AbortSignal,
): Promise<string | undefined> {
  const missing = await checks.missing(serviceAccount(namespace, name), target, signal);
  if (missing === undefined) return undefined;
  try {
    await kube.json({ path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`, signal, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 'notFound') throw error;
    return `${missing}. spec.serviceAccountName: there is no ServiceAccount ${name} in ${namespace}; create it, or correct it`;
  }
  return missing;
}

async function resolve(
  source: ApiServerSource,
  role: string,
  destination: Destination,
  io: GatherIo,
  signal: AbortSignal,
): Promise<ResolvedSink> {
  const { namespace } = source.metadata;
  const owner = { by: { key: keyOf(source), role }, namespace, clusterDomain: io.clusterDomain };
  return await resolveSink(io, destination, owner, signal);
}

async function resolveDeadLetterSink(
  source: ApiServerSource,
  { delivery }: Spec,
  io: GatherIo,
  signal: AbortSignal,
): Promise<ResolvedSink | undefined> {
  const role = 'deadLetterSink';
  if (delivery?.deadLetterSink !== undefined) return await resolve(source, role, delivery.deadLetterSink, io, signal);
  io.tracker.untrack({ key: keyOf(source), role });
  return undefined;
}

async function findAll({ resources }: Spec, { discovery }: GatherIo, signal: AbortSignal): Promise<readonly Found[]> {
  return await Promise.all(
    resources.map(async ({ apiVersion, kind }): Promise<Found> => {
      const groupVersion = groupVersionOf(apiVersion);
      return groupVersion === undefined
        ? { is: 'noGroupVersion' }
        : await discovery.find(groupVersion, { kind }, signal);
    }),
  );
}

function matching({ namespaceSelector }: Spec, { namespaces }: GatherIo): readonly string[] {
  if (namespaceSelector === undefined) return [];
  const matches = labelMatcher(selectorText(namespaceSelector));
  return [...namespaces.list()].flatMap(({ metadata: { name, labels = {} } }) => (matches(labels) ? [name] : []));
}

async function mayFollow(
  { namespaceSelector }: Spec,
  account: ReturnType<typeof serviceAccount>,
  { checks }: GatherIo,
  signal: AbortSignal,
): Promise<boolean> {
  if (namespaceSelector === undefined || isEmptySelector(namespaceSelector)) return false;
  const question = { group: '', resource: 'namespaces', namespace: '' };
  const answers = await Promise.all(
    ['list', 'watch'].map(async (verb) => await checks.allowed(account, { ...question, verb }, signal)),
  );
  return answers.every((isAllowed) => isAllowed);
}

/** Whether the policy of manifests/admission/managed-rbac.yaml is there, and its binding refuses what it denies. */
async function authorsAreAsked({ kube }: GatherIo, signal: AbortSignal): Promise<boolean> {
  const read = async (plural: string): Promise<{ spec?: { validationActions?: readonly string[] } } | undefined> => {
    try {
      return await kube.json({ path: `${POLICIES}/${plural}/${POLICY}`, signal, timeoutMs: TIMEOUT_MS });
    } catch (error) {
      if (error instanceof KubeError && error.code === 'notFound') return undefined;
      throw error;
    }
  };
  const [policy, binding] = await Promise.all([
    read('validatingadmissionpolicies'),
    read('validatingadmissionpolicybindings'),
  ]);
  return policy !== undefined && binding?.spec?.validationActions?.includes('Deny') === true;
}
