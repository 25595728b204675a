import type { KubeObject } from '../../kube/object.ts';
import { type Condition, conditionSet, keepTransitionTimes } from '../../reconcile/conditions.ts';
import { deployedCondition } from '../../reconcile/deployed-condition.ts';
import type { Notice } from '../../reconcile/notice.ts';
import type { Deployment } from '../../reconcile/deployment.ts';
import { overrideProblems } from '../override-problems.ts';
import { type Injection, injectionIn, overridesText } from '../sinkbinding/bind.ts';
import { podTemplateOf } from '../sinkbinding/pod-template.ts';
import type { SinkBinding } from '../sinkbinding/spec.ts';
import { deploymentName, deploymentOf, sinkBindingName, sinkBindingOf } from './children.ts';
import type { ContainerSource, ContainerSourceStatus } from './spec.ts';

/** All that a plan depends on. */
export interface Facts {
  readonly source: ContainerSource;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** As the API server has them. */
  readonly binding: SinkBinding | undefined;
  readonly deployment: Deployment | undefined;
  /** What the API server would not have of what was applied, or belongs to somebody else. */
  readonly obstacle: { readonly kind: string; readonly sentence: string } | undefined;
}

/** A notice about the source. */
export type SourceNotice = Omit<Notice, 'about'>;

export interface Plan {
  /** In this order. */
  readonly apply: readonly KubeObject[];
  readonly status: ContainerSourceStatus;
  readonly notices: readonly SourceNotice[];
  /** Why this is not what the source wants, although another time it may be: to be tried again. */
  readonly failure?: string;
}

const SET = conditionSet({ happy: 'Ready', dependents: ['SinkBindingReady', 'ReceiveAdapterReady'] });

/**
 * What a source needs (upstream's pkg/reconciler/containersource): a SinkBinding, and a Deployment once that knows the
 * sink. From then on the Deployment is told its sink by the binding alone, so that the two never contradict each other.
 *
 * A plan of its own outcome changes nothing.
 */
export function plan(facts: Facts): Plan {
  const { source, obstacle } = facts;
  const problems = specProblems(source);
  const status = statusOf(facts, problems);
  if (problems.length > 0) {
    return { apply: [], status, notices: [{ type: 'Warning', reason: 'InvalidSpec', message: problems.join(' ') }] };
  }
  const injection = injectionOf(facts);
  const apply = [sinkBindingOf(source), ...(injection === undefined ? [] : [deploymentOf(source, injection)])];
  if (obstacle === undefined) return { apply, status, notices: [] };
  const { sentence } = obstacle;
  return {
    apply,
    status,
    notices: [{ type: 'Warning', reason: 'InternalError', message: sentence }],
    failure: sentence,
  };
}

/** What the Deployment is told already; where it is told nothing, what the binding says. */
function injectionOf({ source, deployment, binding }: Facts): Injection | undefined {
  const template = deployment && podTemplateOf(deployment, { group: 'apps', kind: 'Deployment' });
  const present = template && injectionIn(template);
  if (present !== undefined) return present;
  if (binding === undefined || !isCurrent(binding)) return undefined;
  const { sinkUri, sinkCACerts, conditions = [] } = binding.status ?? {};
  const isProvided = conditions.some(({ type, status }) => type === 'SinkProvided' && status === 'True');
  if (!isProvided || !sinkUri) return undefined;
  return {
    sink: sinkUri,
    ...(sinkCACerts && { caCerts: sinkCACerts }),
    ceOverrides: overridesText(source.spec.ceOverrides),
  };
}

/** Whether a status is about what is wanted now. */
function isCurrent({ metadata, status }: SinkBinding): boolean {
  return status?.observedGeneration === metadata.generation;
}

function statusOf(facts: Facts, problems: readonly string[]): ContainerSourceStatus {
  const { source, binding } = facts;
  const { sinkUri: _uri, sinkCACerts: _certificates, sinkAudience: _audience, ...rest } = source.status ?? {};
  const { sinkUri, sinkCACerts, sinkAudience, annotations } = binding?.status ?? {};
  return {
    ...rest,
    conditions: conditionsOf(facts, problems),
    ...(sinkUri && { sinkUri }),
    ...(sinkCACerts && { sinkCACerts }),
    ...(sinkAudience && { sinkAudience }),
    ...(annotations && { annotations }),
  };
}

type Outcome = Pick<Condition, 'status'> & { readonly reason?: string; readonly message?: string };

function conditionsOf(facts: Facts, problems: readonly string[]): readonly Condition[] {
  const { source, now } = facts;
  const before = source.status?.conditions ?? [];
  let list = SET.initialise(before, now);
  const mark = (type: string, { status, reason = '', message = '' }: Outcome): void => {
    const by = { True: SET.markTrue, False: SET.markFalse, Unknown: SET.markUnknown }[status];
    list = by(list, type, reason, message, now);
  };
  // The sink is what Ready speaks of, where it is not known: nothing else can be right then.
  mark('ReceiveAdapterReady', adapterCondition(facts, problems));
  mark('SinkBindingReady', bindingCondition(facts));
  return keepTransitionTimes(before, list);
}

function bindingCondition({ source, binding, obstacle }: Facts): Outcome {
  if (obstacle?.kind === 'SinkBinding') {
    return { status: 'False', reason: 'SinkBindingRefused', message: obstacle.sentence };
  }
  const ready = binding?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (binding !== undefined && ready !== undefined && isCurrent(binding)) return ready;
  const message = `The SinkBinding '${sinkBindingName(source)}' has not been looked at yet.`;
  return { status: 'Unknown', reason: 'SinkBindingPending', message };
}

function adapterCondition(facts: Facts, problems: readonly string[]): Outcome {
  const { source, deployment, obstacle } = facts;
  if (problems.length > 0) return { status: 'False', reason: 'InvalidSpec', message: problems.join(' ') };
  if (obstacle?.kind === 'Deployment') {
    return { status: 'False', reason: 'DeploymentRefused', message: obstacle.sentence };
  }
  const name = deploymentName(source);
  if (deployment === undefined && injectionOf(facts) === undefined) {
    const message = `The Deployment '${name}' is made once the sink is known.`;
    return { status: 'Unknown', reason: 'SinkNotKnown', message };
  }
  return deployedCondition(name, deployment);
}

/** What is wrong with a spec that the schema cannot see, or was not there to see; each is a sentence. */
function specProblems({ spec: { template, ceOverrides } }: ContainerSource): string[] {
  const { containers = [] } = template?.spec ?? {};
  const isImageless = (it: object): boolean => !('image' in it) || it.image === '';
  return [
    ...(containers.length === 0 ? ['spec.template.spec.containers is empty; it must have at least one.'] : []),
    ...containers.flatMap((it, i) => (isImageless(it) ? [`spec.template.spec.containers[${i}] has no image.`] : [])),
    ...overrideProblems({ ceOverrides }),
  ];
}
