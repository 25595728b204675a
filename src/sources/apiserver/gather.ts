import { parseReport, REPORT_ANNOTATION } from '../../adapter/source-report.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Discovery, Found } from '../../kube/discovery.ts';
import { KubeError } from '../../kube/errors.ts';
import { labelMatcher } from '../../kube/label-selector.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Clock } from '../../process/clock.ts';
import type { Destination } from '../../reconcile/destination.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { keyOf } from '../../reconcile/key.ts';
import { type ResolvedSink, resolveSink, type SinkIo } from '../../reconcile/resolve-sink.ts';
import type { PermissionChecks } from './check-permissions.ts';
import type { Deployment, Installation } from './deployment.ts';
import type { Facts } from './facts.ts';
import { stateName } from './identity.ts';
import { isEmptySelector, selectorText } from './label-selector.ts';
import { serviceAccount } from './permissions.ts';
import { GRANTED_FOR } from './rbac.ts';
import { type ApiServerSource, groupVersionOf, skipsPermissionsCheck, type Spec, withDefaults } from './spec.ts';
import { specProblems } from './spec-problems.ts';
import { targetOf } from './watched.ts';

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
  readonly deployments: Pick<Informer<Deployment>, 'get'>;
  /** With their annotations. */
  readonly leases: Pick<Informer<KubeObject>, 'get'>;
  /** On each kind of roles and bindings that carry the label of {@link GRANTED_FOR}. */
  readonly grants: readonly Pick<Informer<KubeObject>, 'list'>[];
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
    found,
    matchingNamespaces,
    missingRights: needsRights ? await io.checks.missing(account, target, signal) : undefined,
    mayFollowNamespaces: await mayFollow(spec, account, io, signal),
    authorsAreAsked: spec.rbac === 'Managed' && (await authorsAreAsked(io, signal)),
    obstacles: [],
    deployment: undefined,
    granted: io.grants.flatMap((kind) =>
      [...kind.list()].filter(({ metadata }) => metadata.labels?.[GRANTED_FOR] === uid),
    ),
    report: parseReport(lease?.metadata.annotations?.[REPORT_ANNOTATION]),
  };
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
