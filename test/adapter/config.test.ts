import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdapterConfig, readAdapterConfig } from '../../src/adapter/config.ts';
import { createAuthority } from '../controlplane/certificates.ts';

type Env = Readonly<Record<string, string | undefined>>;

const SOURCE =
  '{"namespaces":["default"],"allNamespaces":false,"resources":[{"gvr":{"Group":"","Version":"v1","Resource":"events"}}],"mode":"Resource"}';
/** What upstream's controller was recorded to write into its Deployment. */
const ENV: Env = {
  K_SINK: 'http://event-display.default.svc.cluster.local',
  K_SOURCE_CONFIG: SOURCE,
  SYSTEM_NAMESPACE: 'knative-eventing',
  NAMESPACE: 'default',
  NAME: 'test-apiserver-source',
  METRICS_DOMAIN: 'knative.dev/eventing',
  K_LOGGING_CONFIG: JSON.stringify({ 'zap-logger-config': '{"level": "info", "encoding": "json"}' }),
  K_KLOG_VERBOSITY: '0',
  K_OBSERVABILITY_CONFIG: '{"tracing":{"protocol":"none"},"enableSinkEventErrorReporting":false}',
};

function configOf(env: Env): AdapterConfig {
  const read = readAdapterConfig({ ...ENV, ...env });
  return 'config' in read ? read.config : assert.fail(read.problems.join('\n'));
}

function problemsOf(env: Env): readonly string[] {
  const read = readAdapterConfig({ ...ENV, ...env });
  return 'problems' in read ? read.problems : [];
}

function warningsOf(env: Env): readonly string[] {
  const read = readAdapterConfig({ ...ENV, ...env });
  return 'config' in read ? read.warnings : assert.fail(read.problems.join('\n'));
}

test('what upstream’s controller writes is all that an adapter needs', () => {
  assert.deepEqual(readAdapterConfig(ENV), {
    config: {
      name: 'test-apiserver-source',
      namespace: 'default',
      source: {
        namespaces: ['default'],
        allNamespaces: false,
        resources: [{ gvr: { Group: '', Version: 'v1', Resource: 'events' } }],
        mode: 'Resource',
      },
      sink: new URL('http://event-display.default.svc.cluster.local/'),
      sinkTimeoutMs: 30_000,
      sinkCa: [],
      overrides: {},
      logLevel: 'info',
      probesPort: 8080,
      metricsPort: 9092,
    },
    warnings: [],
  });
});

test('each variable says what it says', () => {
  const { certPem } = createAuthority();
  const windows = certPem.replaceAll('\n', '\r\n');
  const rows: [Env, Partial<AdapterConfig>][] = [
    [{ K_SINK_TIMEOUT: '13' }, { sinkTimeoutMs: 13_000 }],
    [{ K_SINK_TIMEOUT: '600' }, { sinkTimeoutMs: 600_000 }],
    // Upstream's ways to say "none".
    [{ K_SINK_TIMEOUT: '' }, { sinkTimeoutMs: 30_000 }],
    [{ K_SINK_TIMEOUT: '0' }, { sinkTimeoutMs: 30_000 }],
    [{ K_SINK_TIMEOUT: '-1' }, { sinkTimeoutMs: 30_000 }],
    [{ K_CE_OVERRIDES: '{"extensions":{"Cluster":"blue"}}' }, { overrides: { cluster: 'blue' } }],
    [{ K_CA_CERTS: '\n' }, { sinkCa: [] }],
    [{ K_CA_CERTS: `${certPem}${certPem}` }, { sinkCa: [certPem.trim(), certPem.trim()] }],
    [{ K_CA_CERTS: `# ours\r\n${windows}` }, { sinkCa: [windows.trim()] }],
    [
      { WATCHBRIDGE_PROBES_PORT: '0', WATCHBRIDGE_METRICS_PORT: '65535' },
      { probesPort: 0, metricsPort: 65_535 },
    ],
    [{ WATCHBRIDGE_PROBES_PORT: '' }, { probesPort: 8080 }],
    [{ K_LOGGING_CONFIG: '{"loglevel.apiserversource":"debug"}' }, { logLevel: 'debug' }],
    // A logging map that is broken must not stop events.
    [{ K_LOGGING_CONFIG: '{{' }, { logLevel: 'info' }],
    [{ K_LOGGING_CONFIG: undefined }, { logLevel: 'info' }],
    [
      { NAME: 'a.b-c', NAMESPACE: '0' },
      { name: 'a.b-c', namespace: '0' },
    ],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '1' }, {}],
    [{ K_AUDIENCE: 'orders' }, { sinkToken: '/oidc/token' }],
    [{ K_AUDIENCE: 'orders', WATCHBRIDGE_SINK_TOKEN: '/tmp/token' }, { sinkToken: '/tmp/token' }],
    [{ K_AUDIENCE: '', WATCHBRIDGE_SINK_TOKEN: '/tmp/token' }, {}],
  ];
  for (const [env, wanted] of rows)
    assert.deepEqual(configOf(env), { ...configOf({}), ...wanted }, JSON.stringify(env));
});

test('what cannot be right is refused: the variable, what was found, what to do', () => {
  const { keyPem } = createAuthority();
  const timeout = 'K_SINK_TIMEOUT must be whole seconds, at most 600: found';
  const port = 'WATCHBRIDGE_PROBES_PORT must be a port from 0 (any free one) to 65535: found';
  const certificates =
    'K_CA_CERTS holds no PEM certificate; it must hold one or more, each from BEGIN CERTIFICATE to END CERTIFICATE.';
  const rows: [Env, problem: string][] = [
    [{ NAME: undefined }, 'NAME is not set; it must be the name of the ApiServerSource.'],
    [{ NAME: '' }, 'NAME is not set; it must be the name of the ApiServerSource.'],
    [{ NAME: 'My_Source' }, 'NAME must be the name of the ApiServerSource: found "My_Source".'],
    [{ NAME: 'x'.repeat(254) }, `NAME must be the name of the ApiServerSource: found "${'x'.repeat(62)}….`],
    [{ NAMESPACE: undefined }, 'NAMESPACE is not set; it must be the namespace of the ApiServerSource.'],
    [{ NAMESPACE: 'a\r\nb' }, 'NAMESPACE must be the namespace of the ApiServerSource: found "a\\r\\nb".'],
    [{ NAMESPACE: 'a.b' }, 'NAMESPACE must be the namespace of the ApiServerSource: found "a.b".'],
    [{ K_SINK_TIMEOUT: 'abc' }, `${timeout} "abc".`],
    [{ K_SINK_TIMEOUT: '1h' }, `${timeout} "1h".`],
    [{ K_SINK_TIMEOUT: '1.5' }, `${timeout} "1.5".`],
    [{ K_SINK_TIMEOUT: ' 5' }, `${timeout} " 5".`],
    [{ K_SINK_TIMEOUT: '601' }, `${timeout} "601".`],
    [{ K_SINK_TIMEOUT: '99999999999' }, `${timeout} "99999999999".`],
    [{ WATCHBRIDGE_PROBES_PORT: '65536' }, `${port} "65536".`],
    [{ WATCHBRIDGE_PROBES_PORT: '-1' }, `${port} "-1".`],
    [{ WATCHBRIDGE_PROBES_PORT: 'http' }, `${port} "http".`],
    [{ K_CA_CERTS: 'garbage' }, certificates],
    [{ K_CA_CERTS: keyPem }, certificates],
    [
      { K_CA_CERTS: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
      'K_CA_CERTS has a certificate that cannot be read, number 1 of 1; write it again from its source.',
    ],
    [
      { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      'NODE_TLS_REJECT_UNAUTHORIZED is 0, which lets anybody pose as the sink; unset it and give the CA in K_CA_CERTS.',
    ],
  ];
  for (const [env, problem] of rows) assert.deepEqual(problemsOf(env), [problem], JSON.stringify(env));
});

test('everything that is wrong is told at once, each variable by its name', () => {
  const problems = problemsOf({
    K_SINK: 'sink',
    K_SOURCE_CONFIG: '{"mode":"Ref"}',
    NAME: '',
    NAMESPACE: '_',
    K_SINK_TIMEOUT: '1h',
    K_CA_CERTS: 'none',
    K_CE_OVERRIDES: '{"extensions":{"id":"1","a":1}}',
    WATCHBRIDGE_PROBES_PORT: 'x',
    WATCHBRIDGE_METRICS_PORT: 'x',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  });
  const variables = problems.map((problem) => /^\w+/.exec(problem)?.[0]);
  assert.deepEqual(variables, [
    'NAME',
    'NAMESPACE',
    'K_SOURCE_CONFIG',
    'K_SOURCE_CONFIG',
    'K_SINK',
    'K_SINK_TIMEOUT',
    'K_CA_CERTS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'K_CE_OVERRIDES',
    'K_CE_OVERRIDES',
    'WATCHBRIDGE_PROBES_PORT',
    'WATCHBRIDGE_METRICS_PORT',
  ]);
  for (const problem of problems) assert.match(problem, /^[A-Z].*\.$/);
});

test('an empty environment is told how to fill it', () => {
  const read = readAdapterConfig({});
  assert.ok('problems' in read);
  assert.deepEqual(
    read.problems.map((problem) => problem.split(' is not set; it must be ')[0]),
    ['NAME', 'NAMESPACE', 'K_SOURCE_CONFIG', 'K_SINK'],
  );
});

test('what may be a mistake is a warning', () => {
  const rows: [Env, warning: RegExp][] = [
    [{ K_SINK: 'http://sink\n' }, /^K_SINK has white space around it/],
    [
      { K_SOURCE_CONFIG: SOURCE.replace('"mode"', '"modus":1,"mode"') },
      /^K_SOURCE_CONFIG .* mean nothing here: modus\.$/,
    ],
    [{ K_SOURCE_CONFIG: SOURCE.replace('["default"]', '[]') }, /^K_SOURCE_CONFIG names no namespace/],
    [
      { K_SOURCE_CONFIG: SOURCE.replace('"mode"', '"excludeNamespaces":["default"],"mode"') },
      /^K_SOURCE_CONFIG names no namespace/,
    ],
  ];
  for (const [env, warning] of rows) {
    const warnings = warningsOf(env);
    assert.equal(warnings.length, 1, JSON.stringify(env));
    assert.match(warnings.join(), warning);
  }
  assert.deepEqual(warningsOf({ K_SOURCE_CONFIG: SOURCE.replace('["default"]', '[]').replace('false', 'true') }), []);
});

test('no sentence shows a password or a key', () => {
  const { keyPem } = createAuthority();
  const letters = { delivery: { deadLetterSink: { uri: 'http://u:secret@letters' } } };
  const sentences = [
    ...problemsOf({ K_SINK: 'http://u:secret@sink:99999', K_CE_OVERRIDES: '{"extensions":"http://u:secret@h"}' }),
    ...problemsOf({ K_SOURCE_CONFIG: JSON.stringify({ ...(JSON.parse(SOURCE) as object), ...letters }) }),
    ...problemsOf({ K_SOURCE_CONFIG: 'http://u:secret@h' }),
    ...problemsOf({ K_SOURCE_CONFIG: '{"delivery":"u:secret@h","resources":5}' }),
    ...problemsOf({ K_CA_CERTS: keyPem }),
  ].join('\n');
  assert.equal(sentences.split('\n').length, 8);
  assert.doesNotMatch(sentences, /secret|PRIVATE|MIG/);
});
