import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchAdapter, resource, startAdapter } from '../support/adapter-process.ts';
import { eventually } from '../support/eventually.ts';
import { inParallel } from '../support/in-parallel.ts';
import { configMaps, stage } from '../support/stage.ts';
import { toldBy } from '../support/told.ts';
import { createWriter } from '../support/writer.ts';

const CONFIG_MAPS = [resource('', 'v1', 'configmaps')];

test('after SIGTERM under load all that was read is delivered, and the exit code is 0', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'terminated');
  const source = { namespaces: [namespace], resources: CONFIG_MAPS };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  sink.reply(() => ({ status: 204, afterMs: 200 }));
  const names = Array.from({ length: 500 }, (_, index) => `object-${index}`);
  const writing = inParallel(names, 16, writer.create);
  await eventually('some events', () => sink.received.length > 50);
  assert.equal(await adapter.stop(), 0);
  await writing;

  const queued = Number(
    adapter.logged('stopping: no more changes are read, queued events are delivered')[0]?.['queued'],
  );
  assert.ok(queued > 16, `${queued} events were queued`);
  assert.equal(adapter.logged('stopped')[0]?.['delivered'], queued);
  const told = toldBy(sink.received).map((it) => Number(it.resourceVersion));
  assert.equal(told.length, sink.accepted().length, 'no attempt was broken off');
  const last = Math.max(...told);
  const read = [...writer.truth.values()].flatMap((states) =>
    states.flatMap((state) => (state.is === 'present' ? [Number(state.resourceVersion)] : [])),
  );
  assert.deepEqual(
    told.toSorted((a, b) => a - b),
    read.filter((version) => version <= last).toSorted((a, b) => a - b),
  );
});

test('SIGTERM is obeyed while the sink hangs and the queue is full, and a second one ends the process at once', async (t) => {
  const { cluster, namespace, kubeconfig, sink } = await stage(t, 'terminated-twice');
  const source = { namespaces: [namespace], resources: CONFIG_MAPS };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  sink.reply(() => 'hang');
  const large = createWriter(cluster.admin, configMaps(namespace), () => ({ data: { large: 'x'.repeat(900_000) } }));
  const names = Array.from({ length: 12 }, (_, index) => `large-${index}`);
  await inParallel(names, 4, large.create);
  await eventually('a full queue', async () => {
    const bytes = await adapter.metric('watchbridge_queued_bytes');
    return bytes !== undefined && bytes > QUEUE_BYTES;
  });

  adapter.terminate();
  await eventually('the stop to be told', () => adapter.log.some(({ msg }) => msg.startsWith('stopping')));
  assert.equal((await adapter.readiness()).status, 500);
  const before = performance.now();
  assert.equal(await adapter.stop(), 1);
  // The first signal alone lets the queue drain for 20 s.
  assert.ok(performance.now() - before < 10_000);
});

/** What may be queued before the watch is not read any more (src/adapter/run.ts). */
const QUEUE_BYTES = 8 * 1024 * 1024;

test('a bad configuration ends with exit code 2 and every problem, and shows neither a stack nor a password', async (t) => {
  const adapter = await launchAdapter(t, {
    NAMESPACE: 'shop',
    K_SOURCE_CONFIG: JSON.stringify({
      namespaces: ['Shop!'],
      resources: [{ gvr: { Group: '', Version: 'v1', Resource: 'pods' }, selector: 'a==(' }],
      mode: 'Everything',
    }),
    K_SINK: 'http://user:hunter2@sink.example.com#top',
    K_SINK_TIMEOUT: 'soon',
    K_CA_CERTS: 'none',
    K_CE_OVERRIDES: JSON.stringify({ extensions: { id: 'x', 'a-b': 'y', number: 1 } }),
    WATCHBRIDGE_PROBES_PORT: '99999',
  });
  assert.equal(await adapter.ended, 2);
  assert.deepEqual(adapter.log, []);
  const lines = adapter.stderr().trimEnd().split('\n');
  const problems = [
    /^NAME is not set; /,
    /^K_SOURCE_CONFIG\.namespaces\[0\]: .*"Shop!"/,
    /^K_SOURCE_CONFIG\.resources\[0\]\.selector: .*"a==\("/,
    /^K_SOURCE_CONFIG\.mode: .*"Everything"/,
    /^K_SINK has a fragment/,
    /^K_SINK has a user or a password/,
    /^K_SINK_TIMEOUT .*"soon"/,
    /^K_CA_CERTS /,
    /^K_CE_OVERRIDES: .*"id" is an attribute/,
    /^K_CE_OVERRIDES: .*"a-b" has a name/,
    /^K_CE_OVERRIDES: .*"number"/,
    /^WATCHBRIDGE_PROBES_PORT .*"99999"/,
  ];
  for (const problem of problems) assert.equal(lines.filter((line) => problem.test(line)).length, 1, String(problem));
  assert.equal(lines.length, problems.length);
  assert.doesNotMatch(adapter.stderr(), /hunter2|\n {4}at /);
});
