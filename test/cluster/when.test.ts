import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type AdapterProcess, resource, startAdapter } from '../support/adapter-process.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { type RecordingSink, recordingSink } from '../support/recording-sink.ts';
import { configMaps } from '../support/stage.ts';

const { admin, adminKubeconfig } = sharedCluster();
const MICRO_TIME = '2026-01-01T00:00:00.000000Z';

interface Scene {
  readonly namespace: string;
  readonly path: string;
  readonly sink: RecordingSink;
  start(): Promise<AdapterProcess>;
}

/** ConfigMaps but for the cluster's own, under these conditions. */
async function scene(t: TestContext, prefix: string, conditions: object, more: object = {}): Promise<Scene> {
  const namespace = await testNamespace(t, prefix);
  const sink = await recordingSink(t);
  const resources = [{ ...resource('', 'v1', 'configmaps', 'app=web'), ...conditions }];
  return {
    namespace,
    path: configMaps(namespace),
    sink,
    start: async () => {
      const source = { namespaces: [namespace], resources, ...more };
      const adapter = await startAdapter(t, { kubeconfig: adminKubeconfig, sink: sink.url, namespace, source });
      await adapter.ready();
      return adapter;
    },
  };
}

async function create(path: string, name: string, n: string): Promise<void> {
  await admin.create(path, { metadata: { name, labels: { app: 'web' } }, data: { n } });
}

async function set(path: string, name: string, n: string): Promise<void> {
  await admin.patch(`${path}/${name}`, { data: { n } });
}

/** `update a` for each event that the sink has taken. */
function told(sink: RecordingSink): string[] {
  return sink
    .accepted()
    .map(({ headers }) => `${String(headers['ce-type']).split('.').at(-1)} ${String(headers['ce-name'])}`);
}

async function untilTold(sink: RecordingSink, wanted: string): Promise<void> {
  await eventually(
    () => `${wanted} in ${told(sink).join(', ')}`,
    () => told(sink).includes(wanted),
  );
}

for (const mode of ['Resource', 'Reference'] as const) {
  test(`only changes for which when is true are told, and its errors are counted (${mode})`, async (t) => {
    const when = "int(object.data.n) > 3 || type == 'delete'";
    const { path, sink, start } = await scene(t, 'when', { when }, { mode });
    const adapter = await start();
    await create(path, 'a', '1');
    for (const n of ['4', '2', '5', 'many']) await set(path, 'a', n);
    await admin.delete(`${path}/a`);
    await untilTold(sink, 'delete a');
    assert.deepEqual(told(sink), ['update a', 'update a', 'delete a']);
    assert.equal(await adapter.metric('watchbridge_suppressed_total{reason="when"}'), 3);
    assert.equal(await adapter.metric('watchbridge_when_troubles_total{kind="value"}'), 1);
    assert.equal(adapter.logged('expression came to nothing for an object, which counts as false').length, 1);
  });
}

test('an object is told when the value of when changes, also where it changed while the adapter was away', async (t) => {
  const conditions = { when: 'int(object.data.n) > 3', trigger: 'Transition' };
  const { path, sink, start } = await scene(t, 'transition', conditions, { checkpoint: 'Full' });
  await create(path, 'high', '9');
  await create(path, 'low', '1');
  const first = await start();
  await set(path, 'high', '8');
  await set(path, 'low', '2');
  await set(path, 'low', '5');
  await create(path, 'new-low', '1');
  await create(path, 'new-high', '7');
  await untilTold(sink, 'add new-high');
  assert.deepEqual(told(sink), ['update low', 'add new-high']);
  await first.stop();

  await set(path, 'high', '7');
  await set(path, 'low', '6');
  await set(path, 'new-low', '4');
  await set(path, 'new-high', '3');
  await set(path, 'new-high', '2');
  await start();
  await set(path, 'high', '6');
  await admin.delete(`${path}/new-high`);
  await admin.delete(`${path}/high`);
  await untilTold(sink, 'delete high');
  assert.deepEqual(told(sink).slice(2).sort(), ['delete high', 'update new-high', 'update new-low']);
});

test('of updates that follow each other only the last is told, adds and deletes at once, and none is lost at a stop', async (t) => {
  const { path, sink, start } = await scene(t, 'debounce', { debounce: 'PT2S' });
  const adapter = await start();
  await create(path, 'a', '0');
  for (const n of ['1', '2', '3']) await set(path, 'a', n);
  await eventually('the last update', () => told(sink).length === 2);
  const data = sink.accepted().map(({ body }) => (JSON.parse(String(body)) as { data: { n: string } }).data.n);
  assert.deepEqual(
    [told(sink), data],
    [
      ['add a', 'update a'],
      ['0', '3'],
    ],
  );
  assert.equal(await adapter.metric('watchbridge_suppressed_total{reason="debounced"}'), 2);
  await set(path, 'a', '4');
  await admin.delete(`${path}/a`);
  await eventually('the delete', () => told(sink).length === 3);
  assert.deepEqual(told(sink).at(-1), 'delete a');
  await create(path, 'b', '0');
  await set(path, 'b', '1');
  await eventually('the update to be read', async () => {
    const updates = await adapter.metric('watchbridge_changes_total{type="update",found_by="watch"}');
    return updates === 5;
  });
  await adapter.stop();
  assert.deepEqual(told(sink).slice(3), ['add b', 'update b']);
});

for (const [group, count] of [
  ['', (n: number) => ({ count: n })],
  ['events.k8s.io', (n: number) => ({ series: { count: n, lastObservedTime: MICRO_TIME } })],
] as const) {
  test(`an Event that repeats itself is told when its count doubles (${group === '' ? 'core' : group})`, async (t) => {
    const namespace = await testNamespace(t, 'series');
    const sink = await recordingSink(t);
    const resources = [{ ...resource(group, 'v1', 'events'), eventSeries: 'Doubling' }];
    const source = { namespaces: [namespace], resources };
    const adapter = await startAdapter(t, { kubeconfig: adminKubeconfig, sink: sink.url, source });
    await adapter.ready();
    const path = `${group === '' ? '/api/v1' : `/apis/${group}/v1`}/namespaces/${namespace}/events`;
    const metadata = { name: 'a' };
    const about = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'a' };
    await admin.create(
      path,
      group === ''
        ? { metadata, involvedObject: about, reason: 'Tested', type: 'Normal', count: 1 }
        : {
            metadata,
            regarding: about,
            reason: 'Tested',
            type: 'Normal',
            action: 'Test',
            eventTime: MICRO_TIME,
            reportingController: 'example.com/test',
            reportingInstance: 'test-1',
          },
    );
    for (const n of [2, 3, 4, 5, 6, 7, 9, 15, 16]) await admin.patch(`${path}/a`, count(n));
    await admin.delete(`${path}/a`);
    await untilTold(sink, 'delete a');
    assert.deepEqual(told(sink), ['add a', ...[2, 4, 9, 16].map(() => 'update a'), 'delete a']);
    assert.equal(await adapter.metric('watchbridge_suppressed_total{reason="series"}'), 5);
  });
}
