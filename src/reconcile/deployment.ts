import type { KubeObject } from '../kube/object.ts';

/** The few fields of an apps/v1 Deployment that its availability is judged by. */
export interface Deployment extends KubeObject {
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

/** What an informer has to hold of a Deployment: about a fifth of it. */
export function deploymentPart({ apiVersion, kind, metadata, status }: Deployment): Deployment {
  if (status === undefined) return { apiVersion, kind, metadata };
  const { observedGeneration, unavailableReplicas, conditions } = status;
  const kept = {
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(unavailableReplicas !== undefined && { unavailableReplicas }),
    ...(conditions !== undefined && { conditions }),
  };
  return { apiVersion, kind, metadata, status: kept };
}
