import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { kubeconfigVia } from '../support/service-account.ts';
import { assertAllTold, stage } from '../support/stage.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

test('an adapter is not ready before its watches are established, and from then on it misses nothing', async (t) => {
  const { cluster, namespace, kubeconfig, sink, writer } = await stage(t, 'readiness');
  const proxy = await tcpProxy(t, cluster.server);
  proxy.rule(() => 'stall');
  const adapter = await startAdapter(t, {
    kubeconfig: kubeconfigVia(kubeconfig, proxy.url),
    sink: sink.url,
    source: { namespaces: [namespace], resources: [resource('', 'v1', 'configmaps')] },
  });
  assert.deepEqual(await adapter.readiness(), { status: 503, text: 'configmaps.v1: starting\n' });

  proxy.rule(() => 'pass');
  proxy.obey('pass');
  await adapter.ready();
  assert.deepEqual(await adapter.readiness(), {
    status: 200,
    text: `configmaps.v1 in ${namespace}: established\n`,
  });
  await writer.create('first');
  await assertAllTold(t, writer.truth, sink);
});
