import type { KubeObject } from '../../kube/object.ts';
import type { Installation } from '../apiserver/deployment.ts';

/** Upstream's name of the Deployment and of its ServiceAccount (config/core/deployments/pingsource-mt-adapter.yaml). */
export const ADAPTER = 'pingsource-mt-adapter';

const LABELS = {
  'eventing.knative.dev/source': 'ping-source-controller',
  'sources.knative.dev/role': 'adapter',
};
/** What 10,000 sources that fire each minute need (bench/ping.ts: 131 MB at the most, 100 us an event), and some room. */
const RESOURCES = { requests: { cpu: '50m', memory: '256Mi' }, limits: { memory: '512Mi' } };

/**
 * The Deployment of the one adapter of all PingSources, beside the controller: upstream's, with the command of our
 * image. It belongs to no source, so it is scaled to nothing when there is none.
 */
export function adapterDeployment(
  installation: Pick<Installation, 'image' | 'systemNamespace' | 'nodeSelector' | 'K_LOGGING_CONFIG'>,
  replicas: 0 | 1,
): KubeObject & { readonly spec: object } {
  const { systemNamespace, nodeSelector } = installation;
  const pod = {
    serviceAccountName: ADAPTER,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    containers: [container(installation)],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: ADAPTER,
      namespace: systemNamespace,
      // So that no SinkBinding changes it.
      labels: { ...LABELS, 'app.kubernetes.io/name': 'watchbridge', 'bindings.knative.dev/exclude': 'true' },
    },
    spec: {
      replicas,
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: { ...LABELS, 'app.kubernetes.io/name': 'watchbridge' } }, spec: pod },
    },
  };
}

function container({ image, K_LOGGING_CONFIG }: Pick<Installation, 'image' | 'K_LOGGING_CONFIG'>): object {
  return {
    name: 'dispatcher',
    image,
    args: ['ping-adapter'],
    env: [
      { name: 'SYSTEM_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'K_LOGGING_CONFIG', value: K_LOGGING_CONFIG },
    ],
    ports: [
      { name: 'metrics', containerPort: 9092, protocol: 'TCP' },
      { name: 'probes', containerPort: 8080, protocol: 'TCP' },
    ],
    readinessProbe: { httpGet: { path: '/readiness', port: 'probes' } },
    livenessProbe: { httpGet: { path: '/health', port: 'probes' } },
    resources: RESOURCES,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}
