import type { KubeObject } from '../../kube/object.ts';
import type { OwnerReference } from '../../kube/owner-reference.ts';
import { childName } from '../../reconcile/child-name.ts';
import { bind, type Injection } from '../sinkbinding/bind.ts';
import type { PodTemplate } from '../sinkbinding/pod-template.ts';
import { BOUND_BY, markOf } from '../sinkbinding/subject.ts';
import { type ContainerSource, KIND } from './spec.ts';

const API_VERSION = 'sources.knative.dev/v1';

/** On all that is made for a source. */
const MADE_BY = { 'sources.knative.dev/source': 'container-source-controller' };

/** Which Deployments are those of sources. */
export const DEPLOYMENTS_OF_SOURCES = 'sources.knative.dev/source=container-source-controller';

/** Upstream's names (pkg/reconciler/containersource/resources), so that its objects are taken over. */
export function deploymentName({ metadata: { name } }: ContainerSource): string {
  return childName(name, '-deployment');
}

export function sinkBindingName({ metadata: { name } }: ContainerSource): string {
  return childName(name, '-sinkbinding');
}

/** Tells the Deployment of a source its sink. */
export function sinkBindingOf(source: ContainerSource): KubeObject & { readonly spec: object } {
  const { sink, ceOverrides } = source.spec;
  const { namespace } = source.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'SinkBinding',
    metadata: { name: sinkBindingName(source), namespace, ownerReferences: [controllerOf(source)] },
    spec: {
      sink,
      ...(ceOverrides !== undefined && { ceOverrides }),
      subject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: deploymentName(source) },
    },
  };
}

/**
 * The Deployment of a source, whose Pods know their sink from the start: nothing is rolled out a second time for it.
 * It is selected by our labels alone, so that those of the template can change.
 */
export function deploymentOf(source: ContainerSource, injection: Injection): KubeObject & { readonly spec: object } {
  const { name, namespace } = source.metadata;
  const { metadata = {} } = source.spec.template ?? {};
  const own = { ...MADE_BY, 'sources.knative.dev/containerSource': name };
  const labels = { ...metadata.labels, ...own };
  const { annotations } = metadata;
  const mark = { [BOUND_BY]: markOf({ group: 'apps', kind: 'Deployment' }, sinkBindingName(source)) };
  const { spec } = bind(namedContainers(source), injection);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: deploymentName(source),
      namespace,
      labels,
      annotations: { ...annotations, ...mark },
      ownerReferences: [controllerOf(source)],
    },
    spec: {
      selector: { matchLabels: own },
      template: { metadata: { labels, ...(annotations && { annotations }) }, spec },
    },
  };
}

/** A container without a name gets upstream's: that of the source, and its number. */
function namedContainers({ metadata: { name }, spec: { template = {} } }: ContainerSource): PodTemplate {
  const { spec = {} } = template;
  const containers = spec.containers?.map((it, i) => ({ ...it, name: it.name || `${name}-${i}` }));
  return { spec: { ...spec, ...(containers && { containers }) } };
}

function controllerOf({ metadata: { name, uid } }: ContainerSource): OwnerReference {
  return { apiVersion: API_VERSION, kind: KIND, name, uid, controller: true, blockOwnerDeletion: true };
}
