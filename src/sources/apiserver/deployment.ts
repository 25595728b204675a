import type { KubeObject } from '../../kube/object.ts';
import { childName } from '../../reconcile/child-name.ts';
import type { SinkAddress } from '../../reconcile/destination.ts';
import { goJson, sortedByKey } from '../../json/go-json.ts';
import { controllerOf, sourceLabels } from './identity.ts';
import type { ApiServerSource, Spec } from './spec.ts';

/** What is the same for all sources of an installation. */
export interface Installation {
  /** Of the receive adapter. */
  readonly image: string;
  readonly systemNamespace: string;
  /** The URL of the API server as client-go has it: the attribute `source` of all events. */
  readonly apiServer: string;
  /** Texts of the variables of these names, as upstream makes them from its ConfigMaps. */
  readonly K_LOGGING_CONFIG: string;
  readonly K_KLOG_VERBOSITY: string;
  readonly K_OBSERVABILITY_CONFIG: string;
  /** Labels of the nodes that every adapter runs on (upstream's flags apiserversources-nodeselector-*). */
  readonly nodeSelector: Readonly<Record<string, string>>;
}

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

const DEFAULT_REPLICAS = 1;
/**
 * Enough for 20,000 events/s (README, Numbers). There is no limit of CPU: an adapter that is stopped for the rest of a
 * period renews its Lease too late.
 */
const DEFAULT_RESOURCES = { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } };

/** Upstream's name, of the volume that its SinkBinding mounts. */
const TOKEN_VOLUME = 'oidc-token';
/** Upstream's; the kubelet renews a token when a fifth of its time is left. */
const TOKEN_SECONDS = 3600;

/** kmeta.ChildName of the source's name and uid, as upstream, so that its Deployment is taken over. */
export function deploymentName({ metadata: { name, uid } }: ApiServerSource): string {
  return childName(`apiserversource-${name}-`, uid);
}

/**
 * The Deployment of the receive adapter: upstream's (pkg/reconciler/apiserversource/resources/receive_adapter.go), with
 * the command of our image, what a namespace of Pod Security `restricted` and a quota want, and what `spec.adapter` says.
 */
export function deploymentOf(
  source: ApiServerSource,
  spec: Spec,
  sink: SinkAddress,
  sourceConfig: string,
  installation: Installation,
): KubeObject & { readonly spec: object } {
  const labels = sourceLabels(source);
  const { adapter = {} } = spec;
  const nodeSelector = { ...installation.nodeSelector, ...adapter.nodeSelector };
  const volumes = sink.audience ? [tokenVolume(sink.audience)] : [];
  const pod = {
    serviceAccountName: spec.serviceAccountName,
    // A ServiceAccount may say otherwise, and without a token there is nothing to watch with.
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(adapter.tolerations !== undefined && { tolerations: adapter.tolerations }),
    ...(adapter.priorityClassName !== undefined && { priorityClassName: adapter.priorityClassName }),
    ...(volumes.length > 0 && { volumes }),
  };
  const template = {
    metadata: {
      annotations: { 'sidecar.istio.io/inject': 'true' },
      labels: { ...labels, 'sidecar.istio.io/inject': 'true' },
    },
    spec: { ...pod, containers: [container(source, spec, sink, sourceConfig, installation)] },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: deploymentName(source),
      namespace: source.metadata.namespace,
      labels,
      ownerReferences: [controllerOf(source)],
    },
    spec: { replicas: adapter.replicas ?? DEFAULT_REPLICAS, selector: { matchLabels: labels }, template },
  };
}

function container(
  source: ApiServerSource,
  spec: Spec,
  sink: SinkAddress,
  sourceConfig: string,
  installation: Installation,
): object {
  return {
    name: 'receive-adapter',
    image: installation.image,
    args: ['adapter'],
    env: environment(source, spec, sink, sourceConfig, installation),
    ...(sink.audience && { volumeMounts: [{ name: TOKEN_VOLUME, mountPath: '/oidc', readOnly: true }] }),
    ports: [
      { name: 'metrics', containerPort: 9092, protocol: 'TCP' },
      { name: 'probes', containerPort: 8080, protocol: 'TCP' },
    ],
    readinessProbe: { httpGet: { path: 'readiness', port: 'probes' } },
    livenessProbe: { httpGet: { path: 'health', port: 'probes' } },
    resources: spec.adapter?.resources ?? DEFAULT_RESOURCES,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

/** A token of the Pod's own account, which is good for this audience and nothing else. */
function tokenVolume(audience: string): object {
  const serviceAccountToken = { audience, expirationSeconds: TOKEN_SECONDS, path: 'token' };
  return { name: TOKEN_VOLUME, projected: { sources: [{ serviceAccountToken }] } };
}

/** Upstream's order: its controller compares the list as a whole. */
function environment(
  { metadata: { name } }: ApiServerSource,
  { adapter, ceOverrides, payload }: Spec,
  sink: SinkAddress,
  sourceConfig: string,
  { systemNamespace, ...installation }: Installation,
): readonly EnvVar[] {
  return [
    { name: 'K_SINK', value: sink.uri },
    { name: 'K_SOURCE_CONFIG', value: sourceConfig },
    { name: 'SYSTEM_NAMESPACE', value: systemNamespace },
    { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'NAME', value: name },
    { name: 'METRICS_DOMAIN', value: 'knative.dev/eventing' },
    ...(sink.CACerts ? [{ name: 'K_CA_CERTS', value: sink.CACerts }] : []),
    ...(sink.audience ? [{ name: 'K_AUDIENCE', value: sink.audience }] : []),
    { name: 'K_LOGGING_CONFIG', value: loggingConfig(installation.K_LOGGING_CONFIG, adapter?.logLevel) },
    { name: 'K_KLOG_VERBOSITY', value: installation.K_KLOG_VERBOSITY },
    { name: 'K_OBSERVABILITY_CONFIG', value: installation.K_OBSERVABILITY_CONFIG },
    ...(ceOverrides === undefined ? [] : [{ name: 'K_CE_OVERRIDES', value: overridesText(ceOverrides) }]),
    // By reference, so that no controller needs the right to read Secrets.
    ...(payload?.redactionKey === undefined
      ? []
      : [{ name: 'WATCHBRIDGE_REDACTION_KEY', valueFrom: payload.redactionKey }]),
  ];
}

/** As upstream folds in its own level for all sources; the text stays as it is where a source wishes nothing. */
function loggingConfig(text: string, level: string | undefined): string {
  if (level === undefined) return text;
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    config = {};
  }
  return goJson({ ...(typeof config === 'object' && config), 'loglevel.apiserversource': level });
}

function overridesText({ extensions }: NonNullable<Spec['ceOverrides']>): string {
  return goJson(extensions === undefined ? {} : { extensions: sortedByKey(extensions) });
}
