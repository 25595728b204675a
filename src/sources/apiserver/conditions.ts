import type { ReadReport, SourceReport } from '../../adapter/source-report.ts';
import { type Condition, conditionSet, keepTransitionTimes } from '../../reconcile/conditions.ts';
import { deployedCondition } from '../../reconcile/deployed-condition.ts';
import type { Deployment } from '../../reconcile/deployment.ts';
import type { ApiServerSource } from './spec.ts';

/** The conditions of one reconcile, in the making. Each method marks one, in upstream's words. */
export interface ConditionsInTheMaking {
  /** @param audience what its tokens are for; undefined: it wants none */
  sinkProvided(audience?: string): void;
  sinkMissing(reason: string, message: string): void;
  permissionsSufficient(): void;
  /** @param message `User system:serviceaccount:shop:default cannot get, ...` */
  permissionsMissing(message: string, reason?: string): void;
  deployed(name: string, deployment: Deployment | undefined): void;
  /** The Deployment cannot be made as wanted. */
  deploymentRefused(message: string): void;
  /** The spec is such that nothing can be deployed for it. */
  notDeployable(problems: readonly string[]): void;
  /** Whether the adapter finds out by itself which namespaces match. */
  namespacesFollowed(isFollowing: boolean, account: string): void;
  reported(report: ReadReport): void;
  secrets(areClear: boolean): void;
  /** Conditions that are for information only, and that this source does not have. */
  without(...types: Informational[]): void;
  /** What came of it, with the times of what stayed as it was. */
  readonly list: () => readonly Condition[];
}

type Informational =
  | 'StreamsConnected'
  | 'DeliveryHealthy'
  | 'CheckpointHealthy'
  | 'SecretsRedacted'
  | 'NamespacesFollowed';

const SET = conditionSet({
  happy: 'Ready',
  dependents: ['SinkProvided', 'Deployed', 'SufficientPermissions', 'OIDCIdentityCreated'],
});

/** @param now milliseconds since the epoch */
export function beginConditions(source: Pick<ApiServerSource, 'status'>, now: number): ConditionsInTheMaking {
  const before = source.status?.conditions ?? [];
  let list = SET.initialise(before, now);
  const mark = (status: Condition['status'], type: string, reason = '', message = ''): void => {
    const by = { True: SET.markTrue, False: SET.markFalse, Unknown: SET.markUnknown }[status];
    list = by(list, type, reason, message, now);
  };
  const remove = (types: readonly string[]): void => {
    list = list.filter(({ type }) => !types.includes(type));
  };
  // The words of upstream where its feature is off.
  mark('True', 'OIDCIdentityCreated', 'authentication-oidc feature disabled');

  return {
    sinkProvided: (audience) => {
      mark('True', 'SinkProvided');
      // It is the account that the Pods run as, so nothing has to be created.
      if (audience) mark('True', 'OIDCIdentityCreated');
    },
    sinkMissing: (reason, message) => mark('False', 'SinkProvided', reason, message),
    permissionsSufficient: () => mark('True', 'SufficientPermissions'),
    permissionsMissing: (message, reason = '') => mark('False', 'SufficientPermissions', reason, message),
    deployed: (name, deployment) => {
      const { status: is, reason, message } = deployedCondition(name, deployment);
      mark(is, 'Deployed', reason, message);
    },
    deploymentRefused: (message) => mark('False', 'Deployed', 'DeploymentRefused', message),
    notDeployable: (problems) => mark('False', 'Deployed', 'InvalidSpec', problems.join(' ')),
    namespacesFollowed: (isFollowing, account) => {
      if (isFollowing) mark('True', 'NamespacesFollowed');
      else mark('False', 'NamespacesFollowed', 'NamespacesUnreadable', cannotFollow(account));
    },
    reported: (read) => {
      const isDown = list.some((it) => it.type === 'Deployed' && it.status === 'False');
      for (const it of reportConditions(isDown ? 'down' : read)) mark(it.status, it.type, it.reason, it.message);
    },
    secrets: (areClear) => {
      if (areClear) mark('False', 'SecretsRedacted', 'ClearText', CLEAR_TEXT);
      else mark('True', 'SecretsRedacted');
    },
    without: (...types) => remove(types),
    list: () => keepTransitionTimes(before, list),
  };
}

const CLEAR_TEXT = 'The values of Secrets are sent to the sink as they are, because spec.payload.secrets is ClearText.';

function cannotFollow(account: string): string {
  return `User ${account} cannot list and watch namespaces, so that the adapter is told their names and starts anew whenever others match; let it get, list and watch namespaces in the cluster.`;
}

type Outcome = Pick<Condition, 'status'> & { readonly reason?: string; readonly message?: string };

function reportConditions(read: ReadReport | 'down'): readonly (Outcome & { readonly type: Informational })[] {
  if (read !== 'down' && read.is === 'report') {
    const { report } = read;
    return [
      { type: 'StreamsConnected', ...streams(report) },
      { type: 'DeliveryHealthy', ...delivery(report) },
      { type: 'CheckpointHealthy', ...checkpoint(report) },
    ];
  }
  const { reason, message } = whyUnknown(read);
  const types = ['StreamsConnected', 'DeliveryHealthy', 'CheckpointHealthy'] as const;
  return types.map((type) => ({ type, status: 'Unknown', reason, message }));
}

function whyUnknown(read: Exclude<ReadReport, { is: 'report' }> | 'down') {
  if (read === 'down') return { reason: 'AdapterUnavailable', message: 'No adapter runs that could say.' };
  if (read.is === 'absent') return { reason: 'NoReport', message: 'The adapter has not reported yet.' };
  return { reason: 'ReportUnusable', message: read.sentence };
}

function streams({ streams: { total, established, problems } }: SourceReport): Outcome {
  if (established >= total) return { status: 'True' };
  const message = [`${established} of ${total} streams are established.`, ...problems].join(' ');
  return { status: 'False', reason: 'StreamsFailing', message };
}

function delivery({ delivery: { state, message = '' } }: SourceReport): Outcome {
  switch (state) {
    case 'ok':
      return { status: 'True' };
    case 'away':
      return { status: 'False', reason: 'SinkAway', message };
    case 'failing':
      return { status: 'False', reason: 'DeliveryFailing', message };
  }
}

function checkpoint({ checkpoint: { state, message = '' } }: SourceReport): Outcome {
  switch (state) {
    case 'ok':
      return { status: 'True' };
    case 'off':
      return { status: 'False', reason: 'CheckpointOff', message: message || 'The adapter keeps no checkpoint.' };
    case 'failing':
      return { status: 'False', reason: 'CheckpointFailing', message };
  }
}
