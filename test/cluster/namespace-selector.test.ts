import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { type Cluster, sharedCluster, testNamespace } from '../support/cluster.ts';
import { customResource } from '../support/custom-resource.ts';
import { eventually } from '../support/eventually.ts';
import { recordingSink } from '../support/recording-sink.ts';
import { allow, allowEverywhere, serviceAccount } from '../support/service-account.ts';
import { assertAllTold, assertConverged } from '../support/stage.ts';
import { toldBy } from '../support/told.ts';
import { createWriter, type State, type Writer } from '../support/writer.ts';

/** What changes for a namespace takes effect within this time. */
const EFFECTIVE_WITHIN_MS = 1_000;
const ENTERED = 'namespaces match from now on; their objects are known';
const FORGOTTEN = 'objects forgotten; their namespaces match no longer';
const NAMESPACES = { apiGroups: [''], resources: ['namespaces'] };

interface Selection {
  readonly cluster: Cluster;
  readonly home: string;
  readonly things: ReturnType<typeof customResource>;
  /** A label that no other test uses. */
  readonly label: string;
  readonly sink: Awaited<ReturnType<typeof recordingSink>>;
  readonly kubeconfig: string;
  source(more?: object): Record<string, unknown>;
  writer(namespace: string): Writer;
  /** Gives a namespace the label, or takes it. */
  mark(namespace: string, value: string | null): Promise<unknown>;
}

async function selection(t: TestContext, rights: 'cluster' | 'namespaces'): Promise<Selection> {
  const cluster = sharedCluster();
  const home = await testNamespace(t, 'selector-home');
  const kubeconfig = await serviceAccount(cluster, home);
  const things = customResource(t, cluster.admin);
  await things.install();
  const rule = { apiGroups: [things.group], resources: ['things'] };
  if (rights === 'namespaces') await allowEverywhere(t, cluster, home, NAMESPACES);
  else await allowEverywhere(t, cluster, home, { apiGroups: ['', things.group], resources: ['namespaces', 'things'] });
  const label = `test-${randomBytes(4).toString('hex')}`;
  const sink = await recordingSink(t);
  return {
    cluster,
    home,
    things,
    label,
    sink,
    kubeconfig,
    source: (more) => ({
      namespaces: [],
      namespaceSelector: `${label} in (yes,sure),!hidden`,
      resources: [{ ...resource(rule.apiGroups[0] ?? '', 'v1', 'things') }],
      ...more,
    }),
    writer: (namespace) => createWriter(cluster.admin, things.collection(namespace), things.content),
    mark: (namespace, value) =>
      cluster.admin.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { [label]: value } } }),
  };
}

function truthOf(...writers: readonly Writer[]): Map<string, readonly State[]> {
  return new Map(writers.flatMap(({ truth }) => Array.from(truth)));
}

for (const rights of ['cluster', 'namespaces'] as const) {
  test(`namespaces that match are told of as they come to match and cease to, with rights in ${rights}`, async (t) => {
    const it = await selection(t, rights);
    const { cluster, home, things, sink } = it;
    const [first, second, other] = await Promise.all(
      ['a', 'b', 'c'].map((name) => testNamespace(t, `selector-${name}`)),
    );
    assert.ok(first !== undefined && second !== undefined && other !== undefined);
    if (rights === 'namespaces') {
      const rule = { apiGroups: [things.group], resources: ['things'] };
      for (const namespace of [first, second]) await allow(cluster, home, rule, namespace);
    }
    await it.mark(first, 'yes');
    const old = it.writer(second);
    await old.create('old');
    await it.writer(first).create('old');
    const adapter = await startAdapter(t, { kubeconfig: it.kubeconfig, sink: sink.url, source: it.source() });
    await adapter.ready();
    const one = it.writer(first);
    await one.create('x');
    await it.writer(other).create('x');
    await old.update('old');
    await assertAllTold(t, truthOf(one), sink);

    await it.mark(second, 'sure');
    await eventually(
      'the second namespace to be entered',
      async () => {
        const { text } = await adapter.readiness();
        return rights === 'cluster' ? adapter.logged(ENTERED).length > 0 : text.includes(`in ${second}: established`);
      },
      EFFECTIVE_WITHIN_MS,
    );
    const two = it.writer(second);
    await two.create('y');
    await two.delete('y');
    await assertAllTold(t, truthOf(one, two), sink);

    // What was there before it matched is known, and only what happens to it is told.
    const before = sink.accepted().length;
    await old.update('old');
    await old.delete('old');
    await eventually('update and delete of the old object', () => sink.accepted().length === before + 2);
    assert.deepEqual(
      toldBy(sink.accepted().slice(before)).map(({ type }) => type),
      ['update', 'delete'],
    );

    await it.mark(first, null);
    await eventually(
      'the first namespace to be left',
      () => adapter.logged(FORGOTTEN).length === 1,
      EFFECTIVE_WITHIN_MS,
    );
    await one.update('x');
    await one.delete('x');
    await two.create('z');
    await eventually('the last event', () => sink.accepted().length === before + 3);
    assert.deepEqual(
      toldBy(sink.accepted().slice(before + 2)).map(({ object }) => object),
      [`${second}/z`],
    );
    assert.equal(await adapter.metric('watchbridge_suppressed_total{reason="left"}'), 2);
  });
}

for (const rights of ['cluster', 'namespaces'] as const) {
  test(`what is made in a namespace that is just created is told, with rights in ${rights}`, async (t) => {
    const it = await selection(t, rights);
    const adapter = await startAdapter(t, { kubeconfig: it.kubeconfig, sink: it.sink.url, source: it.source() });
    await adapter.ready();
    const names = Array.from({ length: 10 }, (_, number) => `${it.label}-${number}`);
    const writers = await Promise.all(
      names.map(async (name) => {
        await it.cluster.admin.create('/api/v1/namespaces', { metadata: { name, labels: { [it.label]: 'yes' } } });
        t.after(() => it.cluster.admin.delete(`/api/v1/namespaces/${name}`));
        const writer = it.writer(name);
        await writer.create('first');
        if (rights === 'namespaces') {
          await allow(it.cluster, it.home, { apiGroups: [it.things.group], resources: ['things'] }, name);
        }
        return writer;
      }),
    );
    await assertAllTold(t, truthOf(...writers), it.sink);
  });
}

test('with initialEvents what exists in namespaces that begin to match is told as adds, also of many at once', async (t) => {
  const it = await selection(t, 'cluster');
  const namespaces = await Promise.all(Array.from({ length: 12 }, () => testNamespace(t, 'selector-all')));
  const source = it.source({ initialEvents: 'All' });
  const adapter = await startAdapter(t, { kubeconfig: it.kubeconfig, sink: it.sink.url, source });
  await adapter.ready();
  const writers = namespaces.map((namespace) => it.writer(namespace));
  for (const writer of writers) {
    await writer.create('a');
    await writer.create('b');
  }
  await Promise.all(namespaces.map((namespace) => it.mark(namespace, 'yes')));
  await assertAllTold(t, truthOf(...writers), it.sink);
  for (const writer of writers) {
    await writer.update('a');
    await writer.delete('b');
  }
  await assertAllTold(t, truthOf(...writers), it.sink);
});

for (const all of [true, false]) {
  test(`an excluded namespace is not told of, where ${all ? 'all' : 'some'} are watched`, async (t) => {
    const it = await selection(t, 'cluster');
    const [wanted, excluded] = await Promise.all(['a', 'b'].map((name) => testNamespace(t, `excluded-${name}`)));
    assert.ok(wanted !== undefined && excluded !== undefined);
    const source = {
      ...it.source({ allNamespaces: all, namespaces: [wanted, excluded], excludeNamespaces: [excluded] }),
      namespaceSelector: undefined,
    };
    const adapter = await startAdapter(t, { kubeconfig: it.kubeconfig, sink: it.sink.url, source });
    await adapter.ready();
    const { text } = await adapter.readiness();
    assert.equal(text, `things.v1.${it.things.group}${all ? '' : ` in ${wanted}`}: established\n`);
    const [inside, outside] = [it.writer(wanted), it.writer(excluded)];
    await outside.create('x');
    await inside.create('x');
    await outside.delete('x');
    await inside.update('x');
    await inside.delete('x');
    await assertAllTold(t, inside.truth, it.sink);
    assert.equal(it.sink.accepted().length, 3);
    if (all) assert.equal(await adapter.metric('watchbridge_suppressed_total{reason="outside"}'), 2);
  });
}

test('a right on the whole cluster that comes and goes costs no event', async (t) => {
  const it = await selection(t, 'namespaces');
  const { cluster, home, things, sink } = it;
  const rule = { apiGroups: [things.group], resources: ['things'] };
  const [first, second] = await Promise.all(['a', 'b'].map((name) => testNamespace(t, `selector-${name}`)));
  assert.ok(first !== undefined && second !== undefined);
  for (const namespace of [first, second]) {
    await allow(cluster, home, rule, namespace);
    await it.mark(namespace, 'yes');
  }
  const writers = [it.writer(first), it.writer(second)];
  for (const writer of writers) await writer.create('before');
  const adapter = await startAdapter(t, { kubeconfig: it.kubeconfig, sink: sink.url, source: it.source() });
  await adapter.ready();
  for (const writer of writers) for (const name of ['a', 'b', 'c']) await writer.create(name);
  let writing = true;
  const churn = async (writer: Writer): Promise<void> => {
    while (writing) for (const name of ['a', 'b']) await writer.update(name);
  };
  const written = Promise.all(writers.map(churn));
  const whole = `things.v1.${things.group} in namespaces[`;
  const stands = async (expected: boolean): Promise<boolean> => {
    const { text } = await adapter.readiness();
    return text.includes(whole) === expected && !text.includes('starting') && !text.includes('GET');
  };
  const grant = cluster.admin.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: it.label },
    rules: [{ ...rule, verbs: ['list', 'watch'] }],
  });
  await grant;
  const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  await cluster.admin.create(binding, {
    metadata: { name: it.label },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: it.label },
    subjects: [{ kind: 'ServiceAccount', name: 'watcher', namespace: home }],
  });
  t.after(() => cluster.admin.delete(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${it.label}`));
  await eventually('one watch of the cluster', () => stands(true));
  for (const writer of writers) await writer.delete('c');
  await cluster.admin.delete(`${binding}/${it.label}`);
  await eventually('a watch for each namespace', () => stands(false));
  for (const writer of writers) await writer.create('d');
  writing = false;
  await written;
  // What was there at the start is not told, and everything after it is.
  for (const writer of writers) await writer.delete('a');
  const truth = new Map([...truthOf(...writers)].filter(([object]) => !object.endsWith('/before')));
  await assertConverged(t, truth, sink);
});

for (const rights of ['cluster', 'namespaces'] as const) {
  test(`namespaces that change while the adapter is away are told of as if it had been there, with rights in ${rights}`, async (t) => {
    const it = await selection(t, rights);
    const { cluster, home, sink } = it;
    await cluster.admin.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${home}/roles`, {
      metadata: { name: 'state' },
      rules: [{ apiGroups: ['coordination.k8s.io', ''], resources: ['leases', 'configmaps'], verbs: ['*'] }],
    });
    await cluster.admin.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${home}/rolebindings`, {
      metadata: { name: 'state' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'state' },
      subjects: [{ kind: 'ServiceAccount', name: 'watcher', namespace: home }],
    });
    const names = ['kept', 'left', 'joined', 'empty'] as const;
    const made = await Promise.all(names.map((name) => testNamespace(t, `selector-${name}`)));
    const [kept = '', left = '', joined = '', empty = ''] = made;
    const gone = `${it.label}-gone`;
    await cluster.admin.create('/api/v1/namespaces', { metadata: { name: gone } });
    for (const namespace of [kept, left, gone, empty]) await it.mark(namespace, 'yes');
    if (rights === 'namespaces') {
      const rule = { apiGroups: [it.things.group], resources: ['things'] };
      for (const namespace of [kept, left, gone, joined, empty]) await allow(cluster, home, rule, namespace);
    }
    const options = {
      kubeconfig: it.kubeconfig,
      sink: sink.url,
      namespace: home,
      source: it.source({ checkpoint: 'Full' }),
    };
    const before = await startAdapter(t, options);
    await before.ready();
    const writers = { kept: it.writer(kept), left: it.writer(left), gone: it.writer(gone), joined: it.writer(joined) };
    for (const writer of Object.values(writers)) await writer.create('x');
    await eventually('three adds', () => sink.accepted().length === 3);
    assert.equal(await before.stop(), 0);

    await writers.kept.update('x');
    await it.mark(left, null);
    await writers.left.delete('x');
    await it.mark(joined, 'yes');
    await writers.gone.delete('x');
    await cluster.admin.delete(`/api/v1/namespaces/${gone}`);
    await eventually('the namespace to be gone', async () => {
      return (await cluster.admin.request('GET', `/api/v1/namespaces/${gone}`)).status === 404;
    });
    const late = it.writer(empty);
    await late.create('new');

    const after = await startAdapter(t, options);
    await after.ready();
    await writers.joined.update('x');
    await writers.joined.delete('x');
    await writers.kept.delete('x');
    const expected = [
      `add ${empty}/new`,
      // Nobody knows the name of a namespace that had a stream of its own.
      ...(rights === 'cluster' ? [`delete ${gone}/x`] : []),
      `delete ${joined}/x`,
      `delete ${kept}/x`,
      `update ${joined}/x`,
      `update ${kept}/x`,
    ];
    await eventually('the last events', () => sink.accepted().length >= 3 + expected.length);
    const told = toldBy(sink.accepted().slice(3)).map(({ type, object }) => `${type} ${object}`);
    assert.deepEqual(told.toSorted(), expected.toSorted());
  });
}
