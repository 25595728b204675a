import type { KubeObject, ObjectMeta } from '../../kube/object.ts';
import type { Condition } from '../../reconcile/conditions.ts';
import type { Destination } from '../../reconcile/destination.ts';
import type { PodSpec } from '../sinkbinding/pod-template.ts';
import type { CloudEventOverrides } from '../sinkbinding/spec.ts';

/** sources.knative.dev/v1 ContainerSource as the API server stores it; its schema is manifests/crds/containersources.yaml. */
export interface ContainerSource extends KubeObject {
  readonly metadata: ObjectMeta & { readonly namespace: string; readonly uid: string };
  readonly spec: ContainerSourceSpec;
  readonly status?: ContainerSourceStatus;
}

export interface ContainerSourceSpec {
  readonly sink?: Destination;
  readonly ceOverrides?: CloudEventOverrides;
  readonly template?: StoredTemplate;
}

/** core/v1 PodTemplateSpec; a container may have no name yet. */
interface StoredTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: PodSpec;
}

export interface ContainerSourceStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly sinkUri?: string;
  readonly sinkCACerts?: string;
  readonly sinkAudience?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const KIND = 'ContainerSource';
