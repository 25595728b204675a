import { childName, type KubeObject } from '../../src/sdk.ts';
import type { SampleSource } from './kinds.ts';

/** What is the same for all sources. */
export interface Installation {
  /** That runs adapter-main.ts. */
  readonly image: string;
  /** For the adapter's log: the text of K_LOGGING_CONFIG that the controller has. */
  readonly loggingConfig: string;
}

function labelsOf(source: SampleSource): Readonly<Record<string, string>> {
  return {
    'knative-eventing-source': 'sample-source-controller',
    'knative-eventing-source-name': source.metadata.name,
  };
}

/** The Deployment of the receive adapter. It says nothing of the sink: that is what the SinkBinding adds. */
export function receiveAdapter(
  source: SampleSource,
  { image, loggingConfig }: Installation,
): KubeObject & { spec: object } {
  const { name, namespace = '', uid = '' } = source.metadata;
  const labels = labelsOf(source);
  const container = {
    name: 'receive-adapter',
    image,
    args: ['adapter-main.ts'],
    env: [
      { name: 'EVENT_SOURCE', value: `${namespace}/${name}` },
      { name: 'INTERVAL', value: source.spec.interval },
      { name: 'NAME', value: name },
      { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'K_LOGGING_CONFIG', value: loggingConfig },
    ],
    ports: [
      { name: 'probes', containerPort: 8080, protocol: 'TCP' },
      { name: 'metrics', containerPort: 9092, protocol: 'TCP' },
    ],
    readinessProbe: { httpGet: { path: '/readiness', port: 'probes' } },
    livenessProbe: { httpGet: { path: '/health', port: 'probes' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: childName(`samplesource-${name}-`, uid), labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: source.spec.serviceAccountName,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [container],
        },
      },
    },
  };
}

/** What gives the Deployment its sink and the overrides. */
export function sinkBinding(source: SampleSource, deployment: KubeObject): KubeObject & { spec: object } {
  const { sink, ceOverrides } = source.spec;
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'SinkBinding',
    metadata: { name: childName(source.metadata.name, '-sinkbinding'), labels: labelsOf(source) },
    spec: {
      sink,
      ...(ceOverrides !== undefined && { ceOverrides }),
      subject: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        namespace: source.metadata.namespace,
        name: deployment.metadata.name,
      },
    },
  };
}
