import type { KubeObject, ObjectMeta } from '../../kube/object.ts';
import type { Condition } from '../../reconcile/conditions.ts';
import type { Destination } from '../../reconcile/destination.ts';

/** sources.knative.dev/v1 PingSource as the API server stores it; its schema is manifests/crds/pingsources.yaml. */
export interface PingSource extends KubeObject {
  readonly metadata: ObjectMeta & { readonly namespace: string; readonly uid: string };
  readonly spec: PingSpec;
  readonly status?: PingSourceStatus;
}

export interface PingSpec {
  /** Absent: each minute. */
  readonly schedule?: string;
  /** An IANA name. Absent: UTC, or what the schedule names. */
  readonly timezone?: string;
  readonly contentType?: string;
  readonly data?: string;
  readonly dataBase64?: string;
  /** Of v1beta1, in the place of the three above. */
  readonly jsonData?: string;
  readonly sink?: Destination;
  readonly ceOverrides?: { readonly extensions?: Readonly<Record<string, string>> };
}

export interface PingSourceStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly sinkUri?: string;
  readonly sinkCACerts?: string;
  readonly sinkAudience?: string;
  readonly ceAttributes?: readonly { readonly type: string; readonly source: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Upstream's webhook and our schema default it. */
export function scheduleText({ schedule }: PingSpec): string {
  return schedule || '* * * * *';
}

/** The attributes of all events of a source. */
export function ceAttributes({ namespace, name }: { readonly namespace: string; readonly name: string }): {
  readonly type: string;
  readonly source: string;
} {
  return {
    type: 'dev.knative.sources.ping',
    source: `/apis/v1/namespaces/${namespace}/pingsources/${name}`,
  };
}
