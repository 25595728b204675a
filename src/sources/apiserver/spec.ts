import type { KubeObject, ObjectMeta } from '../../kube/object.ts';
import type { Condition } from '../../reconcile/conditions.ts';
import type { Destination } from '../../reconcile/destination.ts';
import type { LabelSelector } from '../label-selector.ts';

/** sources.knative.dev/v1 ApiServerSource as the API server stores it; its schema is manifests/crds/apiserversources.yaml. */
export interface ApiServerSource extends KubeObject {
  readonly metadata: ObjectMeta & { readonly namespace: string; readonly uid: string };
  readonly spec: StoredSpec;
  readonly status?: ApiServerSourceStatus;
}

/** The spec as stored: what was written before the schema's defaults were there lacks them. */
export interface StoredSpec {
  readonly sink?: Destination;
  readonly ceOverrides?: { readonly extensions?: Readonly<Record<string, string>> };
  readonly resources?: readonly WatchedKind[];
  readonly owner?: { readonly apiVersion?: string; readonly kind: string };
  readonly mode?: 'Reference' | 'Resource';
  readonly serviceAccountName?: string;
  /** Absent: the source's own namespace. Empty: all namespaces. */
  readonly namespaceSelector?: LabelSelector;
  readonly filters?: readonly unknown[];

  // From here on ours.
  readonly namespaces?: { readonly include?: readonly string[]; readonly exclude?: readonly string[] };
  readonly delivery?: DeliverySpec;
  readonly initialEvents?: 'None' | 'All';
  readonly checkpoint?: 'None' | 'Position' | 'Full';
  readonly gapEvents?: boolean;
  readonly payload?: PayloadSpec;
  readonly rbac?: 'Unmanaged' | 'Managed';
  readonly adapter?: AdapterSpec;
}

export interface WatchedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Ours: the plural name. Absent: what discovery says. */
  readonly resource?: string;
  readonly selector?: LabelSelector;
  readonly fieldSelector?: string;
  /** A CEL expression. */
  readonly when?: string;
  readonly changes?: readonly string[];
  readonly trigger?: 'Change' | 'Transition';
  readonly eventSeries?: 'First' | 'Doubling' | 'All';
  readonly debounce?: string;
}

/** Knative's DeliverySpec; its dead letter sink is a destination that is still to be resolved. */
interface DeliverySpec {
  readonly format?: 'binary' | 'json' | 'batch';
  readonly retry?: number;
  readonly backoffPolicy?: 'linear' | 'exponential';
  readonly backoffDelay?: string;
  readonly timeout?: string;
  readonly retryAfterMax?: string;
  readonly deadLetterSink?: Destination;
}

interface PayloadSpec {
  readonly managedFields?: 'Keep' | 'Drop';
  readonly lastApplied?: 'Keep' | 'Drop';
  readonly secrets?: 'Redact' | 'ClearText';
  /** For the variable WATCHBRIDGE_REDACTION_KEY; nobody but the kubelet reads it. */
  readonly redactionKey?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  readonly maxBytes?: number;
  readonly labelExtensions?: Readonly<Record<string, string>>;
  readonly annotationExtensions?: Readonly<Record<string, string>>;
}

/** The Pods of the receive adapter, as far as a source may say. */
interface AdapterSpec {
  readonly replicas?: number;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string | number>>;
    readonly limits?: Readonly<Record<string, string | number>>;
  };
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Readonly<Record<string, string | number>>[];
  readonly priorityClassName?: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

export interface ApiServerSourceStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly sinkUri?: string;
  readonly sinkCACerts?: string;
  readonly sinkAudience?: string;
  /** Who the source is to a sink with an audience. */
  readonly auth?: { readonly serviceAccountName: string };
  readonly ceAttributes?: readonly { readonly type: string; readonly source: string }[];
  /** Sorted. Null until it was first known, as upstream's. */
  readonly namespaces?: readonly string[] | null;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Ours: what the adapter says of itself. */
  readonly adapter?: {
    readonly lastEventTime?: string;
    readonly lagSeconds?: number;
    readonly gaps?: number;
    readonly lastGap?: { readonly time: string; readonly reason: string; readonly lost: string };
    readonly streams?: { readonly total: number; readonly established: number };
  };
}

/** A spec with what upstream's webhook and our schema default. */
export type Spec = StoredSpec &
  Required<Pick<StoredSpec, 'sink' | 'resources' | 'mode' | 'serviceAccountName' | 'checkpoint' | 'rbac'>>;

const SKIP_PERMISSIONS_CHECK = 'features.knative.dev/apiserversource-skip-permissions-check';

/** Upstream fills in `mode` and `serviceAccountName`, also when it stores `""`. */
export function withDefaults(spec: StoredSpec): Spec {
  return {
    ...spec,
    sink: spec.sink ?? {},
    resources: spec.resources ?? [],
    mode: spec.mode || 'Reference',
    serviceAccountName: spec.serviceAccountName || 'default',
    checkpoint: spec.checkpoint ?? 'Full',
    rbac: spec.rbac ?? 'Unmanaged',
  };
}

/** Whether the annotation is there that upstream knows: no permission is checked, and one watch that ends ends all. */
export function skipsPermissionsCheck({ metadata }: ApiServerSource): boolean {
  return metadata.annotations?.[SKIP_PERMISSIONS_CHECK] === 'true';
}

/** `apps/v1` -> `apps` and `v1`; undefined where it is neither that nor a version alone. */
export function groupVersionOf(apiVersion: string): { readonly group: string; readonly version: string } | undefined {
  const [first = '', second, ...more] = apiVersion.split('/');
  if (first === '' || second === '' || more.length > 0) return undefined;
  return second === undefined ? { group: '', version: first } : { group: first, version: second };
}
