import type { Body, KubeObject } from './admin.ts';

interface Variable {
  readonly name: string;
  readonly value?: string;
}

/** The path of the collection of SinkBindings of a namespace. */
export function bindingsIn(namespace: string, version = 'v1'): string {
  return `/apis/sources.knative.dev/${version}/namespaces/${namespace}/sinkbindings`;
}

/** A SinkBinding to the Service `orders`, but for what `spec` says. */
export function bindingTo(name: string, subject: Body, spec: Body = {}): Body {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'SinkBinding',
    metadata: { name },
    spec: { subject, sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } }, ...spec },
  };
}

/** A Deployment of one container, whose only variable is `A`. */
export function deploymentOf(name: string, labels: Body) {
  const selected = { pod: name };
  return {
    metadata: { name, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: selected },
      template: {
        metadata: { labels: selected },
        spec: { containers: [{ name: 'web', image: 'web', env: [{ name: 'A', value: '1' }] }] },
      },
    },
  };
}

/** What the sink of a namespace is told as. */
export function K_SINK(namespace: string): Variable {
  return { name: 'K_SINK', value: `http://orders.${namespace}.svc.cluster.local` };
}

/** The variables of the first container of what an object makes. */
export function variablesOf(object: KubeObject): readonly Variable[] {
  const spec = object['spec'] as {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec: { readonly template: Template } };
  };
  const template = spec.jobTemplate?.spec.template ?? spec.template;
  return template?.spec.containers[0]?.env ?? [];
}

interface Template {
  readonly spec: { readonly containers: readonly { readonly env?: readonly Variable[] }[] };
}
