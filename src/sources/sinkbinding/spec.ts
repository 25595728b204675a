import type { KubeObject, ObjectMeta } from '../../kube/object.ts';
import type { Condition } from '../../reconcile/conditions.ts';
import type { Destination } from '../../reconcile/destination.ts';
import type { LabelSelector } from '../label-selector.ts';

/** sources.knative.dev/v1 SinkBinding as the API server stores it; its schema is manifests/crds/sinkbindings.yaml. */
export interface SinkBinding extends KubeObject {
  readonly metadata: ObjectMeta & { readonly namespace: string; readonly uid: string };
  readonly spec: SinkBindingSpec;
  readonly status?: SinkBindingStatus;
}

export interface SinkBindingSpec {
  readonly sink?: Destination;
  readonly ceOverrides?: CloudEventOverrides;
  readonly subject?: StoredSubject;
}

export interface CloudEventOverrides {
  readonly extensions?: Readonly<Record<string, string>>;
}

/** The objects whose Pods are told the sink: one by its name, or those of a kind by their labels. */
interface StoredSubject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly selector?: LabelSelector;
}

export interface SinkBindingStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly sinkUri?: string;
  readonly sinkCACerts?: string;
  readonly sinkAudience?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const KIND = 'SinkBinding';

/** Upstream's; what is bound is undone before the binding goes. */
export const FINALIZER = 'sinkbindings.sources.knative.dev';
