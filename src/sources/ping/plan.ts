import { type Condition, conditionSet, keepTransitionTimes } from '../../reconcile/conditions.ts';
import { deployedCondition } from '../../reconcile/deployed-condition.ts';
import type { ResolvedSink } from '../../reconcile/resolve-sink.ts';
import type { Deployment } from '../../reconcile/deployment.ts';
import { internalError, sinkNotFound, type SourceNotice } from '../notices.ts';
import { ADAPTER } from './adapter-deployment.ts';
import { specProblems } from './firing.ts';
import { ceAttributes, type PingSource, type PingSourceStatus } from './spec.ts';

/** All that the status of a source depends on. */
export interface Facts {
  readonly source: PingSource;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly sink: ResolvedSink;
  /** Of the adapter, as the API server has it. */
  readonly deployment: Deployment | undefined;
  /** Why the API server would not have it; undefined: it would. */
  readonly refused: string | undefined;
}

/** A notice about the source. */
export interface Plan {
  readonly status: PingSourceStatus;
  readonly notices: readonly SourceNotice[];
}

const SET = conditionSet({ happy: 'Ready', dependents: ['SinkProvided', 'Deployed', 'OIDCIdentityCreated'] });

/** How a source stands, in upstream's words where it has some (pkg/apis/sources/v1/ping_lifecycle.go). */
export function plan({ source, now, sink, deployment, refused }: Facts): Plan {
  const before = source.status ?? {};
  let list = SET.initialise(before.conditions ?? [], now);
  const mark = (status: Condition['status'], type: string, reason = '', message = ''): void => {
    const by = { True: SET.markTrue, False: SET.markFalse, Unknown: SET.markUnknown }[status];
    list = by(list, type, reason, message, now);
  };
  // The words of upstream where its feature is off; ours has no such feature yet.
  mark('True', 'OIDCIdentityCreated', 'authentication-oidc feature disabled');
  if (sink.is === 'resolved') mark('True', 'SinkProvided');
  else mark('False', 'SinkProvided', sink.reason, sink.sentence);
  const problems = specProblems(source.spec);
  if (problems.length > 0) mark('False', 'Deployed', 'InvalidSpec', problems.join(' '));
  else if (refused !== undefined) mark('False', 'Deployed', 'DeploymentRefused', refused);
  else {
    const { status, reason, message } = deployedCondition(ADAPTER, deployment);
    mark(status, 'Deployed', reason, message);
  }
  return {
    status: statusOf(source, keepTransitionTimes(before.conditions ?? [], list), sink),
    notices: [
      ...(sink.is === 'unresolved' ? [sinkNotFound(source.spec.sink ?? {}, source.metadata.namespace)] : []),
      ...(refused === undefined ? [] : [internalError(refused)]),
    ],
  };
}

/** Where the sink is not known the status keeps what it said of it, as upstream's does. */
function statusOf(source: PingSource, conditions: readonly Condition[], sink: ResolvedSink): PingSourceStatus {
  const { generation } = source.metadata;
  const { sinkUri, sinkCACerts, sinkAudience, ...rest } = source.status ?? {};
  const last = {
    ...(sinkUri !== undefined && { sinkUri }),
    ...(sinkCACerts !== undefined && { sinkCACerts }),
    ...(sinkAudience !== undefined && { sinkAudience }),
  };
  return {
    ...rest,
    ...(generation !== undefined && { observedGeneration: generation }),
    conditions,
    ceAttributes: [ceAttributes(source.metadata)],
    ...(sink.is === 'resolved' ? addressOf(sink) : last),
  };
}

function addressOf({ sink }: Extract<ResolvedSink, { is: 'resolved' }>) {
  const { uri, CACerts, audience } = sink;
  return { sinkUri: uri, ...(CACerts && { sinkCACerts: CACerts }), ...(audience && { sinkAudience: audience }) };
}
