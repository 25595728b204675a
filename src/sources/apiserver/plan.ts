import type { ReadReport } from '../../adapter/source-report.ts';
import type { KubeObject } from '../../kube/object.ts';
import { beginConditions, type ConditionsInTheMaking } from './conditions.ts';
import { deploymentName, deploymentOf } from './deployment.ts';
import type { Facts } from './facts.ts';
import { isEmptySelector } from '../label-selector.ts';
import { internalError, sinkNotFound, type SourceNotice } from '../notices.ts';
import { managedRbac } from './managed-rbac.ts';
import { serviceAccount } from './permissions.ts';
import { sourceConfigText } from './source-config-text.ts';
import { type ApiServerSourceStatus, skipsPermissionsCheck, type Spec, withDefaults } from './spec.ts';
import { configProblems, specProblems } from './spec-problems.ts';
import { stateRbac } from './state-rbac.ts';
import { statusOf } from './status.ts';
import { authoritiesProblems, withAuthorities } from './trust-bundles.ts';
import { managedProblems, pluralProblems, type Target, targetOf, unservedKinds } from './watched.ts';

/** A notice about the source. */
/** What is to be done about a source, and how it stands. */
export interface Plan {
  /** In this order. */
  readonly apply: readonly KubeObject[];
  readonly remove: readonly KubeObject[];
  readonly status: ApiServerSourceStatus;
  readonly notices: readonly SourceNotice[];
  /** Why this is not what the source wants, although another time it may be: to be tried again. */
  readonly failure?: string;
}

/**
 * What a source needs (upstream's ReconcileKind, in its order). What stops a plan leaves the Deployment as it is: an
 * adapter that runs goes on with what it was last told.
 *
 * A plan of its own outcome changes nothing.
 */
export function plan(facts: Facts): Plan {
  const { source, sink, deadLetterSink, now } = facts;
  const spec = withDefaults(source.spec);
  const conditions = beginConditions(source, now);
  // An adapter that runs is worth hearing, also where this plan stops.
  if (facts.report.is !== 'absent' && spec.checkpoint !== 'None') conditions.reported(facts.report);

  const problems = specProblems(spec);
  if (problems.length > 0) return notDeployable(facts, conditions, problems);
  if (sink.is === 'unresolved') {
    conditions.sinkMissing(sink.reason, sink.sentence);
    return stopped(facts, conditions, sinkNotFound(spec.sink, source.metadata.namespace));
  }
  if (deadLetterSink?.is === 'unresolved') {
    conditions.sinkMissing('DeadLetterSinkNotFound', `spec.delivery.deadLetterSink: ${deadLetterSink.sentence}`);
    return stopped(facts, conditions, sinkNotFound(spec.delivery?.deadLetterSink ?? {}, source.metadata.namespace));
  }
  conditions.sinkProvided(sink.sink.audience);

  const target = targetOf(spec, source.metadata.namespace, facts.found, facts.matchingNamespaces);
  const config = sourceConfigOf(facts, spec, target);
  const more = [
    ...pluralProblems(spec, facts.found),
    ...managedProblems(spec, target),
    ...configProblems(config),
    ...authoritiesProblems(facts.authorities),
  ];
  if (more.length > 0) return notDeployable(facts, conditions, more, target);

  const grantProblem = whyNotGranted(facts, spec);
  if (grantProblem !== undefined) {
    conditions.permissionsMissing(grantProblem, 'NotGranted');
    return { ...stopped(facts, conditions, internalError(grantProblem), target), failure: grantProblem };
  }
  const managed = managedRbac(source, spec, target);
  const grants = [...stateRbac(source, spec), ...managed];
  // Nobody keeps a right until another one is there.
  const remove = facts.granted.filter((it) => !grants.some((wanted) => isSame(wanted, it)));
  if (facts.missingRights !== undefined && !skipsPermissionsCheck(source)) {
    // A name that nobody knows is the likelier mistake than a right that nobody has.
    const missing = [facts.missingRights, ...unservedKinds(spec, facts.found)].join('. ');
    conditions.permissionsMissing(missing);
    const failure = `insufficient permissions: ${missing}`;
    return { ...stopped(facts, conditions, internalError(failure), target), apply: managed, remove, failure };
  }
  conditions.permissionsSufficient();

  const refused = obstaclesOf(facts, ['Deployment']);
  if (refused === '') conditions.deployed(deploymentName(source), facts.deployment);
  else conditions.deploymentRefused(refused);
  inform(facts, spec, target, conditions);
  const trusted = withAuthorities(sink.sink, facts.authorities);
  return {
    apply: [...grants, deploymentOf(source, spec, trusted, config, facts.installation)],
    remove,
    status: statusOf(facts, conditions.list(), { spec, sink: sink.sink, target }),
    notices: refused === '' ? [] : [internalError(refused)],
    ...(refused !== '' && { failure: refused }),
  };
}

/** Why the roles that a source needs are not there. */
function whyNotGranted(facts: Facts, { rbac }: Spec): string | undefined {
  if (rbac === 'Managed' && !facts.authorsAreAsked) return POLICIES_MISSING;
  const refused = obstaclesOf(facts, ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding']);
  return refused === '' ? undefined : refused;
}

const POLICIES_MISSING =
  'Nothing is granted with rbac: Managed before the ValidatingAdmissionPolicy watchbridge-managed-rbac and its binding are there; install manifests/admission.';

/** Of what may go wrong in each of a thousand namespaces. */
const MOST_SENTENCES = 4;

function obstaclesOf({ obstacles }: Facts, kinds: readonly string[]): string {
  const sentences = obstacles.filter(({ kind }) => kinds.includes(kind)).map(({ sentence }) => sentence);
  const more = sentences.length - MOST_SENTENCES;
  return [...sentences.slice(0, MOST_SENTENCES), ...(more > 0 ? [`And ${more} more.`] : [])].join(' ');
}

function sourceConfigOf(facts: Facts, spec: Spec, target: Target): string {
  const { source, deadLetterSink, authorities } = facts;
  return sourceConfigText(spec, {
    uid: source.metadata.uid,
    resources: target.resources,
    namespaces: selectsSome(spec) && facts.mayFollowNamespaces ? 'followed' : target.names,
    deadLetterSink: deadLetterSink?.is === 'resolved' ? withAuthorities(deadLetterSink.sink, authorities) : undefined,
    failFast: skipsPermissionsCheck(source),
  });
}

/** Conditions that Ready does not depend on. */
function inform(facts: Facts, spec: Spec, target: Target, conditions: ConditionsInTheMaking): void {
  const { source, report, mayFollowNamespaces } = facts;
  if (selectsSome(spec)) {
    const { user } = serviceAccount(source.metadata.namespace, spec.serviceAccountName);
    conditions.namespacesFollowed(mayFollowNamespaces, user);
  } else conditions.without('NamespacesFollowed');

  // Without a checkpoint there is no Lease that a report could be written to.
  if (spec.checkpoint === 'None') conditions.without('StreamsConnected', 'DeliveryHealthy', 'CheckpointHealthy');
  else conditions.reported(report);

  const tellsSecrets = target.resources.some(({ group, plural }) => group === '' && plural === 'secrets');
  if (tellsSecrets && spec.mode === 'Resource') conditions.secrets(sendsClearSecrets(spec, report));
  else conditions.without('SecretsRedacted');
}

function sendsClearSecrets({ payload }: Spec, report: ReadReport): boolean {
  return payload?.secrets === 'ClearText' || (report.is === 'report' && report.report.clearSecrets === true);
}

/** Whether namespaces come and go: they are selected, and not all of them. */
function selectsSome({ namespaceSelector }: Spec): boolean {
  return namespaceSelector !== undefined && !isEmptySelector(namespaceSelector);
}

/** Nothing will help but another spec, so it is not tried again. */
function notDeployable(
  facts: Facts,
  conditions: ConditionsInTheMaking,
  problems: readonly string[],
  target?: Target,
): Plan {
  conditions.notDeployable(problems);
  const notice: SourceNotice = { type: 'Warning', reason: 'InvalidSpec', message: problems.join(' ') };
  return stopped(facts, conditions, notice, target);
}

function stopped(facts: Facts, conditions: ConditionsInTheMaking, notice: SourceNotice, target?: Target): Plan {
  const { sink, source } = facts;
  const resolved = sink.is === 'resolved' && target !== undefined;
  const known = resolved ? { spec: withDefaults(source.spec), sink: sink.sink, target } : undefined;
  return { apply: [], remove: [], status: statusOf(facts, conditions.list(), known), notices: [notice] };
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  const { name, namespace } = a.metadata;
  return a.kind === b.kind && name === b.metadata.name && namespace === b.metadata.namespace;
}
