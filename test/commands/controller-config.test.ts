import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readControllerConfig } from '../../src/commands/controller-config.ts';

const ENOUGH = { APISERVER_RA_IMAGE: 'registry.example.com/watchbridge:1', SYSTEM_NAMESPACE: 'watchbridge-system' };

test('an image and a namespace are enough', () => {
  assert.deepEqual(readControllerConfig(ENOUGH, ''), {
    config: {
      installation: {
        image: 'registry.example.com/watchbridge:1',
        systemNamespace: 'watchbridge-system',
        K_LOGGING_CONFIG: '{}',
        K_KLOG_VERBOSITY: '0',
        K_OBSERVABILITY_CONFIG: '{}',
        nodeSelector: {},
      },
      clusterDomain: 'cluster.local',
      logLevel: 'info',
      probesPort: 8080,
      metricsPort: 9092,
    },
  });
});

test('what adapters get is passed on letter by letter, and the level is that of the controller', () => {
  const K_LOGGING_CONFIG = '{ "loglevel.controller": "debug", "loglevel.apiserversource": "warn" }';
  const read = readControllerConfig({ ...ENOUGH, K_LOGGING_CONFIG, K_KLOG_VERBOSITY: '2' }, '');
  assert.ok('config' in read);
  assert.equal(read.config.installation.K_LOGGING_CONFIG, K_LOGGING_CONFIG);
  assert.equal(read.config.installation.K_KLOG_VERBOSITY, '2');
  assert.equal(read.config.logLevel, 'debug');
});

const domains: readonly { title: string; resolvConf: string; env?: Record<string, string>; domain: string }[] = [
  { title: 'no resolv.conf', resolvConf: '', domain: 'cluster.local' },
  {
    title: 'a Pod',
    resolvConf: 'nameserver 10.96.0.10\nsearch shop.svc.blue.example svc.blue.example blue.example\noptions ndots:5\n',
    domain: 'blue.example',
  },
  { title: 'a final dot', resolvConf: 'search svc.blue.example.\n', domain: 'blue.example' },
  { title: 'a machine outside', resolvConf: 'search example.com\n', domain: 'cluster.local' },
  {
    title: 'a variable that says otherwise',
    resolvConf: 'search svc.blue.example\n',
    env: { CLUSTER_DOMAIN: 'red.example' },
    domain: 'red.example',
  },
];

for (const { title, resolvConf, env, domain } of domains) {
  test(`the cluster's domain with ${title} is ${domain}`, () => {
    const read = readControllerConfig({ ...ENOUGH, ...env }, resolvConf);
    assert.ok('config' in read);
    assert.equal(read.config.clusterDomain, domain);
  });
}

test('all problems are told at once', () => {
  const env = {
    SYSTEM_NAMESPACE: 'Not A Name',
    CLUSTER_DOMAIN: 'no domain',
    K_LOGGING_CONFIG: '[]',
    K_OBSERVABILITY_CONFIG: '{',
    WATCHBRIDGE_PROBES_PORT: 'http',
  };
  assert.deepEqual(readControllerConfig(env, ''), {
    problems: [
      'APISERVER_RA_IMAGE is not set; it must be the image that adapters run.',
      'SYSTEM_NAMESPACE must be the namespace that the controller keeps its Lease in: found "Not A Name".',
      'CLUSTER_DOMAIN must be a domain, such as cluster.local: found "no domain".',
      'K_LOGGING_CONFIG must be a JSON object, as Knative\'s controllers make it: found "[]".',
      'K_OBSERVABILITY_CONFIG must be a JSON object, as Knative\'s controllers make it: found "{".',
      'WATCHBRIDGE_PROBES_PORT must be a port from 0 (any free one) to 65535: found "http".',
    ],
  });
});
