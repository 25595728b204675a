import type { KubeObject } from '../../../kube/object.ts';
import { apiVersionOf, type Resource } from '../../../kube/resource.ts';
import { controllerOf } from '../../../reconcile/ownership.ts';
import type { LabelSelector } from '../../label-selector.ts';
import { fingerprint } from '../../../reconcile/fingerprint.ts';
import type { SinkBinding } from '../spec.ts';

export const CONFIGURATION = 'sinkbindings.watchbridge.dev';

/** How the API server reaches the webhook: by a URL, or by a Service. */
export type WebhookClient =
  | { readonly url: string }
  | {
      readonly service: {
        readonly namespace: string;
        readonly name: string;
        readonly port: number;
        readonly path: string;
      };
    };

/** A binding, and the kind that it means as it is served. */
export interface BoundKind {
  readonly binding: SinkBinding;
  readonly resource: Resource;
}

/** Upstream's: what a namespace or an object is labelled with that the webhook is to leave alone. */
const NOT_EXCLUDED = { key: 'bindings.knative.dev/exclude', operator: 'NotIn', values: ['true'] };
/** The API server waits this long at most, and then goes on without the webhook. */
const TIMEOUT_SECONDS = 2;

/**
 * The MutatingWebhookConfiguration for some bindings. The API server asks about nothing but objects of their kinds, in
 * their namespaces, with the labels that they select; and where the webhook does not answer, it goes on without.
 */
export function configurationOf(
  bound: readonly BoundKind[],
  client: WebhookClient,
  /** PEM. */
  authorities: string,
  owner: { readonly name: string; readonly uid: string },
): KubeObject & { readonly webhooks: readonly object[] } {
  const clientConfig = { ...client, caBundle: Buffer.from(authorities).toString('base64') };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: CONFIGURATION,
      labels: { 'app.kubernetes.io/name': 'watchbridge' },
      // Whoever removes the namespace of the webhook removes what would ask it.
      ownerReferences: [{ apiVersion: 'v1', kind: 'Namespace', ...owner }],
    },
    webhooks: groupsOf(bound).map((group) => webhookOf(group, clientConfig)),
  };
}

/** Whether the webhook is asked for the sake of a binding; what belongs to a source knows its sink from the start. */
export function isAskedFor(binding: SinkBinding): boolean {
  return binding.metadata.deletionTimestamp === undefined && controllerOf(binding) === undefined;
}

interface Group {
  readonly resource: Resource;
  /** Undefined: whatever its labels. */
  readonly selector: LabelSelector | undefined;
  readonly namespaces: readonly string[];
}

/** Bindings that ask for the same in several namespaces are one. */
function groupsOf(bound: readonly BoundKind[]): readonly (Group & { readonly name: string })[] {
  const groups = new Map<string, Group & { readonly name: string }>();
  for (const { binding, resource } of bound) {
    const { selector } = binding.spec.subject ?? {};
    const hash = fingerprint([apiVersionOf(resource), resource.plural, selector]).replaceAll(/[^A-Za-z0-9]/g, '');
    const name = `${resource.plural}-${hash.slice(0, 12).toLowerCase()}.${CONFIGURATION}`;
    const { namespaces = [] } = groups.get(name) ?? {};
    const all = [...new Set([...namespaces, binding.metadata.namespace])].sort();
    groups.set(name, { name, resource, selector, namespaces: all });
  }
  return [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function webhookOf(
  { name, resource, selector, namespaces }: Group & { readonly name: string },
  clientConfig: object,
): object {
  const { group, version, plural } = resource;
  return {
    name,
    clientConfig,
    rules: [
      {
        // The template of a Job is fixed once it is there.
        operations: group === 'batch' && plural === 'jobs' ? ['CREATE'] : ['CREATE', 'UPDATE'],
        apiGroups: [group],
        apiVersions: [version],
        resources: [plural],
        scope: 'Namespaced',
      },
    ],
    namespaceSelector: {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces }, NOT_EXCLUDED],
    },
    objectSelector: {
      ...(selector?.matchLabels && { matchLabels: selector.matchLabels }),
      matchExpressions: [...(selector?.matchExpressions ?? []), NOT_EXCLUDED],
    },
    failurePolicy: 'Ignore',
    matchPolicy: 'Equivalent',
    sideEffects: 'None',
    reinvocationPolicy: 'IfNeeded',
    timeoutSeconds: TIMEOUT_SECONDS,
    admissionReviewVersions: ['v1'],
  };
}
