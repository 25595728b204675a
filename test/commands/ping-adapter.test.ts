import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPingConfig } from '../../src/commands/ping-adapter/config.ts';

test('the system namespace is enough', () => {
  assert.deepEqual(readPingConfig({ SYSTEM_NAMESPACE: 'watchbridge-system' }), {
    config: {
      namespace: 'watchbridge-system',
      sinkTimeoutMs: 30_000,
      logLevel: 'info',
      probesPort: 8080,
      metricsPort: 9092,
    },
  });
});

test('upstream’s -1 means the usual timeout', () => {
  const read = readPingConfig({ SYSTEM_NAMESPACE: 'a', K_SINK_TIMEOUT: '-1' });
  assert.equal('config' in read && read.config.sinkTimeoutMs, 30_000);
});

test('all problems are told at once', () => {
  const read = readPingConfig({
    K_SINK_TIMEOUT: 'soon',
    WATCHBRIDGE_PROBES_PORT: '99999',
    WATCHBRIDGE_METRICS_PORT: 'x',
  });
  assert.deepEqual('problems' in read && read.problems.map((problem) => problem.split(' ')[0]), [
    'SYSTEM_NAMESPACE',
    'K_SINK_TIMEOUT',
    'WATCHBRIDGE_PROBES_PORT',
    'WATCHBRIDGE_METRICS_PORT',
  ]);
});
