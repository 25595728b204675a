import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import type { Findings, Prospect } from '../../src/preview/preview-report.ts';
import { sourceOf } from '../manifests/apply.ts';
import { type AdapterProcess, resource, startAdapter } from '../support/adapter-process.ts';
import type { Body } from '../support/admin.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { type Command, startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { inParallel } from '../support/in-parallel.ts';
import { allow, serviceAccount } from '../support/service-account.ts';
import { configMaps, stage } from '../support/stage.ts';

const cluster = sharedCluster();
const { admin } = cluster;
const directory = mkdtempSync(join(tmpdir(), 'watchbridge-'));
let files = 0;

after(() => rmSync(directory, { recursive: true }));

type Report = Prospect & Findings;

function manifest(namespace: string, spec: Body): string {
  const source = sourceOf('shop', { serviceAccountName: 'watcher', ...spec });
  const file = join(directory, `source-${files++}.yaml`);
  writeFileSync(file, stringify({ ...source, metadata: { ...source.metadata, namespace } }));
  return file;
}

/** Starts a preview, and resolves when it watches. */
async function watching(t: TestContext, kubeconfig: string, argv: readonly string[]): Promise<Command> {
  const preview = startCommand(t, ['preview', ...argv], { env: { KUBECONFIG: kubeconfig } });
  let end: string | undefined;
  void preview.ended.then(({ code, stderr }) => {
    end = `${code}: ${stderr}`;
  });
  await eventually('the preview to watch', () => {
    assert.equal(end, undefined);
    return preview.stderr().includes('streams are established');
  });
  return preview;
}

/** Ends it as Ctrl-C does. */
async function reportAfter(preview: Command): Promise<{ readonly report: Report; readonly stdout: string }> {
  preview.interrupt();
  const { code, stdout, stderr } = await preview.ended;
  assert.equal(code, 0, stderr);
  return { report: JSON.parse(stdout) as Report, stdout };
}

function assertNear(found: number, wanted: number, what: string): void {
  assert.ok(Math.abs(found - wanted) <= wanted * 0.05, `${what}: ${found}, and the adapter says ${wanted}`);
}

async function suppressed(adapter: AdapterProcess, reason: string): Promise<number> {
  return (await adapter.metric(`watchbridge_suppressed_total{reason="${reason}"}`)) ?? 0;
}

test('preview shows the numbers that an adapter of the same source then has, within 5 %', async (t) => {
  const { namespace, kubeconfig, sink } = await stage(t, 'preview');
  await allow(cluster, namespace, { apiGroups: [''], resources: ['secrets'] });
  const rules = {
    mode: 'Resource',
    filters: [{ not: { suffix: { subject: '-skipped' } } }],
    payload: { managedFields: 'Drop' },
  };
  const spec = {
    ...rules,
    resources: [
      { apiVersion: 'v1', kind: 'ConfigMap', changes: ['Spec'] },
      { apiVersion: 'v1', kind: 'Secret' },
    ],
    ceOverrides: { extensions: { cluster: 'blue' } },
    checkpoint: 'None',
  };
  const adapter = await startAdapter(t, {
    kubeconfig,
    sink: sink.url,
    namespace,
    source: {
      namespaces: [namespace],
      resources: [{ ...resource('', 'v1', 'configmaps'), changes: ['Spec'] }, resource('', 'v1', 'secrets')],
      ...rules,
    },
    env: { K_CE_OVERRIDES: JSON.stringify({ extensions: { cluster: 'blue' } }) },
  });
  await adapter.ready();
  const argv = ['-f', manifest(namespace, spec), '--for', '10m', '--samples', '4', '--json'];
  const preview = await watching(t, kubeconfig, argv);

  const names = Array.from({ length: 60 }, (_, i) => (i % 5 === 0 ? `it-${i}-skipped` : `it-${i}`));
  await inParallel(names, 4, async (name) => {
    const path = `${configMaps(namespace)}/${name}`;
    await admin.create(configMaps(namespace), { metadata: { name }, data: { text: 'x'.repeat(100 + name.length) } });
    await admin.patch(path, { metadata: { labels: { only: 'a-label' } } });
    await admin.patch(path, { data: { text: 'y'.repeat(5_000) } });
    await admin.create(configMaps(namespace).replace('configmaps', 'secrets'), {
      metadata: { name },
      stringData: { password: `s3cr3t-${name}` },
    });
    await admin.delete(path);
  });
  // 48 objects, of each an add, an update and a delete; and as many Secrets.
  await eventually('all events', () => sink.accepted().length === 48 * 4);
  await eventually('what is not told', async () => (await suppressed(adapter, 'unchanged')) === 60);

  // Nothing says what the preview has read; the adapter has read all of it, and settled it as well.
  await delay(1_000);
  const { stdout, report } = await reportAfter(preview);
  const { events, all, dropped, changes, streams, samples, secrets } = report;
  const bodies = sum(sink.accepted().map(({ body }) => body.length));
  t.diagnostic(
    `preview: ${all.events} events, ${all.bytes} bytes; adapter: ${sink.accepted().length} events, ${bodies} bytes`,
  );
  assertNear(all.events, sink.accepted().length, 'events');
  assertNear(all.bytes, bodies, 'bytes');
  assertNear(all.largestBytes, Math.max(...sink.accepted().map(({ body }) => body.length)), 'largest');
  for (const type of ['add', 'update', 'delete']) {
    const told = sink
      .accepted()
      .filter(({ headers }) => headers['ce-type'] === `dev.knative.apiserver.resource.${type}`);
    const counted = events.filter((it) => it.type.endsWith(`.${type}`));
    assertNear(sum(counted.map((it) => it.events)), told.length, type);
    assertNear(sum(counted.map((it) => it.bytes)), sum(told.map(({ body }) => body.length)), `bytes of ${type}`);
  }
  for (const reason of ['unchanged', 'filtered']) {
    const objects = dropped.find((it) => it.reason === reason)?.objects ?? 0;
    assertNear(objects, await suppressed(adapter, reason), reason);
  }
  assertNear(changes, 60 * 5, 'changes');
  assert.deepEqual(
    events.map((it) => `${it.resource} ${it.type.split('.').at(-1)}`),
    ['configmaps add', 'configmaps delete', 'configmaps update', 'secrets add'],
  );
  assert.deepEqual(
    streams.map((it) => [it.kind, it.resource, it.scope]),
    [
      ['ConfigMap', 'configmaps.v1', namespace],
      ['Secret', 'secrets.v1', namespace],
    ],
  );
  assert.equal(secrets, 'redacted');
  assert.equal(samples.length, 4);
  assert.ok(samples.every(({ attributes }) => attributes['cluster'] === 'blue'));
  assert.ok(!stdout.includes('s3cr3t') && !stdout.includes(Buffer.from('s3cr3t').toString('base64').slice(0, 6)));
});

test('the same with a namespaceSelector, an owner, JSON as the format and what exists told', async (t) => {
  const { namespace, sink } = await stage(t, 'preview-selected');
  const kubeconfig = cluster.adminKubeconfig;
  const label = `preview-${namespace}`;
  await admin.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { [label]: 'here' } } });
  const path = configMaps(namespace);
  const owner = await admin.create(path, { metadata: { name: 'owner' } });
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid, controller: true },
  ];
  const create = async (name: string, owned: boolean): Promise<unknown> =>
    await admin.create(path, { metadata: { name, ...(owned && { ownerReferences }) } });
  await create('owned-before', true);
  await create('free-before', false);

  const common = { mode: 'Reference', initialEvents: 'All', delivery: { format: 'json' } };
  const spec = {
    ...common,
    resources: [{ apiVersion: 'v1', kind: 'ConfigMap' }],
    owner: { apiVersion: 'v1', kind: 'ConfigMap' },
    namespaceSelector: { matchLabels: { [label]: 'here' } },
    checkpoint: 'None',
  };
  const source = {
    ...common,
    namespaces: [],
    resources: [resource('', 'v1', 'configmaps')],
    owner: spec.owner,
    namespaceSelector: `${label}=here`,
  };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, namespace, source });
  await adapter.ready();
  const preview = await watching(t, kubeconfig, ['-f', manifest(namespace, spec), '--for', '10m', '--json']);
  const names = Array.from({ length: 20 }, (_, i) => `it-${i}`);
  await inParallel(names, 4, async (name) => {
    await create(`${name}-owned`, true);
    await create(`${name}-free`, false);
    await admin.delete(`${path}/${name}-owned`);
  });
  await eventually('all events', () => sink.accepted().length === 41);
  await delay(1_000);
  const { report } = await reportAfter(preview);
  const { all, dropped, streams } = report;
  const bodies = sum(sink.accepted().map(({ body }) => body.length));
  t.diagnostic(`preview: ${all.events} events, ${all.bytes} bytes; adapter: 41 events, ${bodies} bytes`);
  assertNear(all.events, 41, 'events');
  assert.equal(all.eventsAtStart, 1);
  assertNear(all.bytes, bodies, 'bytes');
  const unselected = dropped.find(({ reason }) => reason === 'unselected')?.objects ?? 0;
  assertNear(unselected, await suppressed(adapter, 'unselected'), 'unselected');
  assert.deepEqual(
    streams.map(({ scope }) => scope),
    [`namespaces with ${label}=here, 1 now`],
  );
});

test('preview says which rights are missing, whose, and what grants them', async (t) => {
  const namespace = await testNamespace(t, 'preview-rights');
  const kubeconfig = await serviceAccount(cluster, namespace);
  const file = manifest(namespace, { resources: [{ apiVersion: 'v1', kind: 'ConfigMap' }] });
  const user = `system:serviceaccount:${namespace}:watcher`;
  const lacks = `User ${user} cannot get, list, watch resource "configmaps" in API group "" in Namespace "${namespace}"`;

  const byAdmin = await startCommand(t, ['preview', '-f', file, '--for', '1s'], {
    env: { KUBECONFIG: cluster.adminKubeconfig },
  }).ended;
  assert.equal(byAdmin.code, 0, byAdmin.stderr);
  assert.match(byAdmin.stdout, /^ {2}you \(.*\): enough$/m);
  assert.ok(byAdmin.stdout.includes(`the source: ${lacks}`), byAdmin.stdout);
  assert.match(byAdmin.stdout, /^kind: Role$/m);
  assert.match(byAdmin.stdout, /^Watched for 1(\.\d)? s; 1 of 1 streams were established\.$/m);
  // A pipe is no terminal.
  assert.ok(!byAdmin.stdout.includes('\u001B'));

  // It may neither watch nor ask about others.
  const byItself = await startCommand(t, ['preview', '-f', file, '--for', '1s'], { env: { KUBECONFIG: kubeconfig } })
    .ended;
  assert.equal(byItself.code, 1);
  assert.ok(byItself.stdout.includes(`you: ${lacks}`), byItself.stdout);
  assert.match(byItself.stdout, /the source \(.*\): not known, as you may not ask\. POST .* 403/);
  assert.match(byItself.stdout, /0 of 1 streams were established\.\n\nconfigmaps\.v1 in .*403/);
  assert.match(byItself.stderr, /^No stream could be established, so nothing was seen\.$/m);
});

test('preview writes nothing: the right to watch is all that it needs', async (t) => {
  const { namespace, kubeconfig, writer } = await stage(t, 'preview-least');
  await writer.create('before');
  const spec = { resources: [{ apiVersion: 'v1', kind: 'ConfigMap' }], initialEvents: 'All' };
  const preview = await watching(t, kubeconfig, ['-f', manifest(namespace, spec), '--for', '10m', '--json']);
  const { report } = await reportAfter(preview);
  assert.equal(report.rights.you.is, 'enough');
  assert.equal(report.all.events, report.all.eventsAtStart);
  assert.ok(report.all.events >= 1);
  assert.equal(report.all.perSecond, 0);
  const { items } = await admin.list(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`);
  assert.deepEqual(items, []);
});

test('values of Secrets in clear text are counted and not shown', async (t) => {
  const namespace = await testNamespace(t, 'preview-secrets');
  const spec = {
    mode: 'Resource',
    initialEvents: 'All',
    resources: [{ apiVersion: 'v1', kind: 'Secret' }],
    payload: { secrets: 'ClearText', annotationExtensions: { note: 'example.com/note' } },
  };
  const metadata = { name: 'door', annotations: { 'example.com/note': 'n0te' } };
  await admin.create(`/api/v1/namespaces/${namespace}/secrets`, { metadata, stringData: { key: 's3cr3t' } });
  const argv = ['-f', manifest(namespace, spec), '--for', '10m', '--json'];
  const { report, stdout } = await reportAfter(await watching(t, cluster.adminKubeconfig, argv));
  assert.equal(report.secrets, 'clear text');
  assert.equal(report.all.events, 1);
  assert.ok(!/s3cr3t|n0te/.test(stdout) && !stdout.includes(Buffer.from('s3cr3t').toString('base64')), stdout);
});

test('preview ends with a sentence where there is no cluster, or none that answers', async (t) => {
  const file = manifest('shop', { resources: [{ apiVersion: 'v1', kind: 'Pod' }] });
  const none = await startCommand(t, ['preview', '-f', file]).ended;
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.match(none.stderr, /^No Kubernetes cluster was found: .*\n$/);
  const away = join(directory, 'kubeconfig');
  const named = (content: object): object[] => [{ name: 'a', ...content }];
  const config = {
    clusters: named({ cluster: { server: 'https://127.0.0.1:1' } }),
    users: named({ user: {} }),
    contexts: named({ context: { cluster: 'a', user: 'a' } }),
    'current-context': 'a',
  };
  writeFileSync(away, JSON.stringify(config));
  const unreachable = await startCommand(t, ['preview', '-f', file], { env: { KUBECONFIG: away } }).ended;
  assert.deepEqual([unreachable.code, unreachable.stdout], [1, '']);
  assert.match(unreachable.stderr, /127\.0\.0\.1:1/);
  assert.ok(!/\n {4}at /.test(unreachable.stderr), unreachable.stderr);
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
