import type { KubeObject } from '../kube/object.ts';
import type { Condition } from './conditions.ts';

/** The few fields of an apps/v1 Deployment that its availability is judged by. */
interface DeploymentLike extends KubeObject {
  readonly status?: {
    readonly observedGeneration?: number;
    readonly unavailableReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** What a condition can say. */
export type Availability = Pick<Condition, 'status' | 'reason' | 'message'>;

/**
 * PropagateDeploymentAvailability of upstream's lifecycle. A status that is about an older Deployment than the one that
 * is wanted says nothing, which upstream leaves out.
 */
export function deployedCondition(name: string, deployment: DeploymentLike | undefined): Availability {
  const { generation } = deployment?.metadata ?? {};
  const { conditions = [], unavailableReplicas = 0, observedGeneration } = deployment?.status ?? {};
  const isStale = generation !== undefined && (observedGeneration ?? 0) < generation;
  const available = isStale ? undefined : conditions.find(({ type }) => type === 'Available');
  const { reason = '', message = '' } = available ?? {};
  switch (available?.status) {
    case 'True':
      if (unavailableReplicas === 0) return { status: 'True' };
      return {
        status: 'Unknown',
        reason: 'DeploymentUpdating',
        message: `Deployment has ${unavailableReplicas} unavailable replica(s).`,
      };
    case 'False':
      return { status: 'False', reason, message };
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
