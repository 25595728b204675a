import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SinkAddress } from '../../../src/reconcile/destination.ts';
import { deploymentName, deploymentOf, type Installation } from '../../../src/sources/apiserver/deployment.ts';
import { type ApiServerSource, type StoredSpec, withDefaults } from '../../../src/sources/apiserver/spec.ts';
import { golden, goldenSource, INSTALLATION, sourceWith } from './sources.ts';

/** What we add to upstream's Deployment, by path; everything else is the same. */
const ADDITIONS: Readonly<Record<string, unknown>> = {
  'spec.template.spec.automountServiceAccountToken': true,
  'spec.template.spec.securityContext.runAsNonRoot': true,
  'spec.template.spec.securityContext.seccompProfile.type': 'RuntimeDefault',
  'spec.template.spec.containers.0.args.0': 'adapter',
  'spec.template.spec.containers.0.resources.requests.cpu': '50m',
  'spec.template.spec.containers.0.resources.requests.memory': '128Mi',
  'spec.template.spec.containers.0.resources.limits.memory': '512Mi',
};
/** What the API server and its controllers had added to the recording. */
const BY_THE_SERVER =
  /^status|^metadata\.(uid|resourceVersion|generation|creationTimestamp|annotations)|^spec\.(progressDeadlineSeconds|revisionHistoryLimit|strategy)|template\.spec\.(dnsPolicy|restartPolicy|schedulerName|serviceAccount|terminationGracePeriodSeconds)$|(imagePullPolicy|terminationMessagePath|terminationMessagePolicy)$|Probe\.(failureThreshold|periodSeconds|successThreshold|timeoutSeconds|httpGet\.scheme)$|fieldRef\.apiVersion$/;

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly resources: unknown;
  readonly volumeMounts?: unknown;
}
interface Made {
  readonly metadata: { readonly labels: unknown };
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: Readonly<Record<string, unknown>> & { readonly containers: readonly [Container] };
    };
  };
}

function made(
  options: { spec?: StoredSpec; sink?: SinkAddress; config?: string; installation?: Partial<Installation> } = {},
): Made {
  const source = sourceWith(options.spec);
  return deploymentOf(
    source,
    withDefaults(source.spec),
    options.sink ?? { uri: 'http://orders.shop.svc.cluster.local' },
    options.config ?? '{}',
    { ...INSTALLATION, ...options.installation },
  ) as unknown as Made;
}

/** Every leaf of a JSON value by its path. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const entries = Object.entries(value);
  return entries.flatMap(([key, it]) => leaves(it, path === '' ? key : `${path}.${key}`));
}

test('K2: the Deployment is upstream’s, byte for byte, but for what we add', () => {
  const theirs = Object.fromEntries(
    leaves(golden('receive-adapter-deployment.json')).filter(([path]) => !BY_THE_SERVER.test(path)),
  );
  const source = goldenSource();
  const env = (name: string): string => {
    const value = theirs[pathOfValue(theirs, name)];
    return typeof value === 'string' ? value : assert.fail(`the recording has no ${name}`);
  };
  const ours = deploymentOf(source, withDefaults(source.spec), { uri: env('K_SINK') }, env('K_SOURCE_CONFIG'), {
    image: 'docker.io/local/ra:1',
    systemNamespace: 'knative-eventing',
    apiServer: '',
    K_LOGGING_CONFIG: env('K_LOGGING_CONFIG'),
    K_KLOG_VERBOSITY: env('K_KLOG_VERBOSITY'),
    K_OBSERVABILITY_CONFIG: env('K_OBSERVABILITY_CONFIG'),
    nodeSelector: {},
  });
  assert.deepEqual(Object.fromEntries(leaves(ours)), { ...theirs, ...ADDITIONS });
});

function pathOfValue(theirs: Readonly<Record<string, unknown>>, name: string): string {
  const at = Object.keys(theirs).find((path) => theirs[path] === name) ?? '';
  return at.replace(/name$/, 'value');
}

test('the name is upstream’s, with the whole uid as long as it fits', () => {
  const named = (name: string): ApiServerSource => {
    const source = sourceWith();
    return { ...source, metadata: { ...source.metadata, name } };
  };
  assert.equal(deploymentName(named('source-abc')), 'apiserversource-source-abc-0c119059-7113-11e9-a6c5-42010a8a00ed');
  assert.equal(deploymentName(named('source-abcd')), 'apiserversource-source-abcd-66e18414af8a1e57f0827d860f62e4640c1');
  assert.equal(deploymentName(goldenSource()), 'apiserversource-test-apiserver-00dbc0e4f63b0f208d22e7fe3ad06eda');
});

test('K1: the labels are the two of upstream', () => {
  assert.deepEqual(made().metadata.labels, {
    'eventing.knative.dev/source': 'apiserver-source-controller',
    'eventing.knative.dev/sourceName': 'web',
  });
});

test('K2: certificates and audience of the sink stand between the names and the configurations', () => {
  const { env } = made({ sink: { uri: 'https://orders', CACerts: 'PEM', audience: 'orders' } }).spec.template.spec
    .containers[0];
  assert.deepEqual(
    env.map(({ name }) => name),
    [
      'K_SINK',
      'K_SOURCE_CONFIG',
      'SYSTEM_NAMESPACE',
      'NAMESPACE',
      'NAME',
      'METRICS_DOMAIN',
      'K_CA_CERTS',
      'K_AUDIENCE',
      'K_LOGGING_CONFIG',
      'K_KLOG_VERBOSITY',
      'K_OBSERVABILITY_CONFIG',
    ],
  );
});

test('K4: ceOverrides are the last variable, their names in order', () => {
  const last = (spec: StoredSpec): unknown => made({ spec }).spec.template.spec.containers[0].env.at(-1);
  assert.deepEqual(last({ ceOverrides: { extensions: { 1: 'one' } } }), {
    name: 'K_CE_OVERRIDES',
    value: '{"extensions":{"1":"one"}}',
  });
  assert.deepEqual(last({ ceOverrides: { extensions: { b: '<2>', a: '1' } } }), {
    name: 'K_CE_OVERRIDES',
    value: '{"extensions":{"a":"1","b":"\\u003c2\\u003e"}}',
  });
});

test('a sink with an audience gets tokens of the Pod’s own account, from a file that the kubelet renews', () => {
  const { spec } = made({ sink: { uri: 'https://orders', audience: 'orders' } }).spec.template;
  assert.deepEqual(spec['volumes'], [
    {
      name: 'oidc-token',
      projected: {
        sources: [{ serviceAccountToken: { audience: 'orders', expirationSeconds: 3600, path: 'token' } }],
      },
    },
  ]);
  const [{ volumeMounts }] = spec.containers;
  assert.deepEqual(volumeMounts, [{ name: 'oidc-token', mountPath: '/oidc', readOnly: true }]);
  assert.ok(!('volumes' in made().spec.template.spec));
});

test('the key of redaction reaches the adapter by reference alone', () => {
  const secretKeyRef = { name: 'redaction', key: 'key' };
  const spec: StoredSpec = { ceOverrides: { extensions: { a: '1' } }, payload: { redactionKey: { secretKeyRef } } };
  assert.deepEqual(made({ spec }).spec.template.spec.containers[0].env.at(-1), {
    name: 'WATCHBRIDGE_REDACTION_KEY',
    valueFrom: { secretKeyRef },
  });
});

test('R21: Pods run on the nodes that the installation and the source select', () => {
  const installation = { nodeSelector: { disk: 'ssd', zone: 'a' } };
  const { nodeSelector } = made({ installation, spec: { adapter: { nodeSelector: { zone: 'b' } } } }).spec.template
    .spec;
  assert.deepEqual(nodeSelector, { disk: 'ssd', zone: 'b' });
  assert.ok(!('nodeSelector' in made().spec.template.spec));
});

test('a source can say how its Pods run', () => {
  const tolerations = [{ key: 'edge', operator: 'Exists' }];
  const resources = { limits: { cpu: 1, memory: '1Gi' } };
  const { spec } = made({ spec: { adapter: { replicas: 3, resources, tolerations, priorityClassName: 'high' } } });
  assert.equal(spec.replicas, 3);
  assert.deepEqual(spec.template.spec.containers[0].resources, resources);
  assert.deepEqual(spec.template.spec['tolerations'], tolerations);
  assert.equal(spec.template.spec['priorityClassName'], 'high');
});

test('a source can say what is logged, whatever the installation says', () => {
  const level = (text: string): string | undefined => {
    const options = { installation: { K_LOGGING_CONFIG: text }, spec: { adapter: { logLevel: 'debug' as const } } };
    const { env } = made(options).spec.template.spec.containers[0];
    return env.find(({ name }) => name === 'K_LOGGING_CONFIG')?.value;
  };
  assert.equal(level('{"zap-logger-config":"{}"}'), '{"zap-logger-config":"{}","loglevel.apiserversource":"debug"}');
  assert.equal(level(''), '{"loglevel.apiserversource":"debug"}');
});
