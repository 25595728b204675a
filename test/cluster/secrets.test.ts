import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { type RecordingSink, recordingSink } from '../support/recording-sink.ts';

const { admin, adminKubeconfig } = sharedCluster();
const SECRETS = [resource('', 'v1', 'secrets')];
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

for (const format of ['binary', 'json'] as const) {
  test(`what a Secret holds appears nowhere, while the sink fails and events become dead letters (${format})`, async (t) => {
    const namespace = await testNamespace(t, `canary-${format}`);
    const sink = await recordingSink(t);
    const letters = await recordingSink(t);
    const canaries = ['first', 'second', 'token', 'previous'].map((it) => `${it}-${randomBytes(12).toString('hex')}`);
    const [first = '', second = '', token = '', previous = ''] = canaries;
    const key = randomBytes(16).toString('hex');
    const adapter = await startAdapter(t, {
      kubeconfig: adminKubeconfig,
      sink: sink.url,
      namespace,
      source: {
        namespaces: [namespace],
        resources: SECRETS,
        checkpoint: 'Full',
        gapEvents: true,
        payload: {
          annotationExtensions: { token: 'openshift.io/token-secret.value' },
          labelExtensions: { app: 'app' },
        },
        delivery: { format, retry: 1, backoffDelay: 'PT0.05S', deadLetterSink: { uri: letters.url } },
      },
      env: {
        WATCHBRIDGE_REDACTION_KEY: key,
        K_LOGGING_CONFIG: JSON.stringify({ 'zap-logger-config': '{"level":"debug"}' }),
      },
    });
    await adapter.ready();
    sink.reply((_, number) => (number % 4 < 3 ? 500 : 204));

    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    const copy = JSON.stringify({ kind: 'Secret', data: { p: base64(first) }, stringData: { p: first } });
    const annotations = {
      [LAST_APPLIED]: copy,
      'openshift.io/token-secret.value': token,
      'example.com/state': JSON.stringify({ previous }),
    };
    for (const name of ['a', 'b', 'c', 'd']) {
      await admin.create(secrets, {
        metadata: { name, annotations, labels: { app: 'shop' } },
        stringData: { p: first },
      });
      await admin.patch(`${secrets}/${name}`, { stringData: { p: second } });
      await admin.patch(`${secrets}/${name}`, { metadata: { labels: { app: 'web' } } });
      await admin.delete(`${secrets}/${name}`);
    }
    const told = (): number => sink.accepted().length + letters.accepted().length;
    await eventually('every change to be told', () => told() === 16);
    assert.ok(letters.accepted().length > 0 && sink.accepted().length > 0);
    const metrics = await adapter.metrics();
    const { text } = await adapter.readiness();
    await adapter.stop();

    const leases = await admin.list(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`);
    const maps = await admin.list(`/api/v1/namespaces/${namespace}/configmaps`);
    assert.ok(leases.items.length > 0 && maps.items.length > 1, 'a checkpoint is stored');
    const everything = {
      sink: wire(sink),
      letters: wire(letters),
      log: JSON.stringify(adapter.log) + adapter.stderr(),
      metrics,
      readiness: text,
      checkpoint: JSON.stringify([leases.items, maps.items]),
    };
    for (const [where, content] of Object.entries(everything)) {
      assert.ok(content.length > 0, where);
      for (const canary of [...canaries, key]) {
        for (const form of [canary, base64(canary), base64(base64(canary)), Buffer.from(canary).toString('hex')]) {
          assert.ok(!content.includes(form), `${where} tells ${canary}`);
        }
      }
    }
    assert.match(everything.sink + everything.letters, /"app":"shop"|ce-app: shop/, 'labels are told');
    const digests = new Set([...sink.received, ...letters.received].map(dataOf).map(({ data }) => data?.['p']));
    // Two values of four objects; each is another digest.
    assert.equal(digests.size, 8, [...digests].join(' '));
  });
}

test('values of Secrets are told where that was asked for, with a warning and a gauge', async (t) => {
  const namespace = await testNamespace(t, 'clear');
  const sink = await recordingSink(t);
  const source = { namespaces: [namespace], resources: SECRETS, payload: { secrets: 'ClearText' } };
  const adapter = await startAdapter(t, { kubeconfig: adminKubeconfig, sink: sink.url, source });
  await adapter.ready();
  await admin.create(`/api/v1/namespaces/${namespace}/secrets`, { metadata: { name: 'a' }, stringData: { p: 'x' } });
  const [request] = await eventually('an event', () => (sink.received.length > 0 ? sink.received : false));
  assert.deepEqual(request && dataOf(request).data, { p: base64('x') });
  assert.equal(await adapter.metric('watchbridge_clear_secrets'), 1);
  const warned = adapter.logged('configuration').map(({ detail }) => detail);
  assert.ok(
    warned.includes('K_SOURCE_CONFIG.payload.secrets is ClearText: events carry the values of Secrets as they are.'),
  );
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function wire(sink: RecordingSink): string {
  return sink.received
    .map(
      ({ headers, body }) =>
        Object.entries(headers)
          .map(([name, value]) => `${name}: ${String(value)}`)
          .join('\n') + body.toString(),
    )
    .join('\n');
}

interface Secret {
  readonly data?: Record<string, string>;
}

function dataOf({ headers, body }: RecordingSink['received'][number]): Secret {
  const content = JSON.parse(body.toString()) as Secret & { data: Secret };
  return headers['content-type'] === 'application/json' ? content : content.data;
}
