import type { Condition } from './conditions.ts';
import type { Deployment } from './deployment.ts';

/** What a condition can say. */
export type Availability = Pick<Condition, 'status' | 'reason' | 'message'>;

/**
 * PropagateDeploymentAvailability of upstream's lifecycle. A status that is about an older Deployment than the one that
 * is wanted says nothing, and why Pods cannot be created is said; upstream leaves out both.
 */
export function deployedCondition(name: string, deployment: Deployment | undefined): Availability {
  const { generation } = deployment?.metadata ?? {};
  const { conditions = [], unavailableReplicas = 0, observedGeneration } = deployment?.status ?? {};
  const isStale = generation !== undefined && (observedGeneration ?? 0) < generation;
  const available = isStale ? undefined : conditions.find(({ type }) => type === 'Available');
  const { reason = '', message = '' } = available ?? {};
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')?.message;
  switch (available?.status) {
    case 'True':
      // What runs is what was wanted before.
      if (failure) return { status: 'Unknown', reason: 'DeploymentUpdating', message: cannotCreate(failure) };
      if (unavailableReplicas === 0) return { status: 'True' };
      return {
        status: 'Unknown',
        reason: 'DeploymentUpdating',
        message: `Deployment has ${unavailableReplicas} unavailable replica(s).`,
      };
    case 'False':
      return { status: 'False', reason, message: failure ? `${message} ${cannotCreate(failure)}` : message };
    case 'Unknown':
      return { status: 'Unknown', reason, message };
    default:
      return {
        status: 'Unknown',
        reason: 'DeploymentUnavailable',
        message: `The Deployment '${name}' is unavailable.`,
      };
  }
}

function cannotCreate(failure: string): string {
  return `Its Pods cannot be created: ${failure}`;
}
