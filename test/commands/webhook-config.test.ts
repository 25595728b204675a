import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWebhookConfig } from '../../src/commands/webhook-config.ts';

test('an empty environment is enough', () => {
  assert.deepEqual(readWebhookConfig({}, 'search shop.svc.corp.local svc.corp.local corp.local'), {
    config: {
      certificates: '/etc/watchbridge/webhook',
      clusterDomain: 'corp.local',
      logLevel: 'info',
      port: 8443,
      probesPort: 8080,
      metricsPort: 9092,
    },
  });
});

test('everything that is wrong is told at once', () => {
  const env = { CLUSTER_DOMAIN: 'not a domain', WATCHBRIDGE_WEBHOOK_PORT: '-1', WATCHBRIDGE_PROBES_PORT: 'x' };
  const read = readWebhookConfig(env, '');
  assert.ok('problems' in read);
  assert.deepEqual(
    read.problems.map((problem) => problem.split(' ')[0]),
    ['CLUSTER_DOMAIN', 'WATCHBRIDGE_WEBHOOK_PORT', 'WATCHBRIDGE_PROBES_PORT'],
  );
});
