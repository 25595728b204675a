import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import { installWatchbridge } from '../manifests/apply.ts';
import type { Body } from '../support/admin.ts';
import { bindingsIn, bindingTo } from '../support/bindings.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const { admin } = sharedCluster();
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const SENTENCE = /may not write a (SinkBinding|ContainerSource) in namespace .*needs the right to create pods there/;
const WEB = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

before(() => installWatchbridge(admin));

/** Lets a user do these things in a namespace. @returns the headers of his requests */
async function author(t: TestContext, namespace: string, rules: readonly Body[]): Promise<Record<string, string>> {
  const name = `author-${t.name.length}-${rules.length}`;
  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: `${namespace}-${name}` }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const at = `${RBAC}/namespaces/${namespace}`;
  await admin.create(`${at}/roles`, { metadata: { name }, rules });
  await admin.create(`${at}/rolebindings`, { metadata: { name }, roleRef, subjects });
  return { 'impersonate-user': `${namespace}-${name}` };
}

const EDITS = {
  apiGroups: ['sources.knative.dev'],
  resources: ['sinkbindings', 'containersources'],
  verbs: ['create', 'update', 'patch'],
};
const CREATES_PODS = { apiGroups: [''], resources: ['pods'], verbs: ['create'] };

function sourceOf(name: string): Body {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ContainerSource',
    metadata: { name },
    spec: { template: { spec: { containers: [{ image: 'x' }] } }, sink: { uri: 'http://orders' } },
  };
}

test('only who may create Pods may bind, and run containers', async (t) => {
  const namespace = await testNamespace(t, 'binders');
  const [editor, maker] = [await author(t, namespace, [EDITS]), await author(t, namespace, [EDITS, CREATES_PODS])];
  const sources = bindingsIn(namespace).replace('sinkbindings', 'containersources');
  for (const [path, body] of [
    [bindingsIn(namespace), bindingTo('bind', WEB)],
    [sources, sourceOf('run')],
  ] as const) {
    await eventually(`${path} to be refused`, async () => {
      const { status, text } = await admin.request('POST', `${path}?dryRun=All`, body, editor);
      return status === 403 && SENTENCE.test(text);
    });
    const { status, text } = await admin.request('POST', path, body, maker);
    assert.equal(status, 201, text);
  }
});

test('what is written of the rest of an object is nobody’s business', async (t) => {
  const namespace = await testNamespace(t, 'labels');
  const editor = await author(t, namespace, [EDITS]);
  await admin.create(bindingsIn(namespace), bindingTo('bind', WEB));
  const path = `${bindingsIn(namespace)}/bind`;
  const patch = async (body: Body) =>
    await admin.request('PATCH', path, body, { ...editor, 'content-type': 'application/merge-patch+json' });
  assert.equal((await patch({ metadata: { labels: { a: 'b' } } })).status, 200);
  const { status, text } = await patch({ spec: { sink: { ref: { name: 'other' } } } });
  assert.equal(status, 403);
  assert.match(text, SENTENCE);
});

const REFUSED: readonly (readonly [string, Body, RegExp])[] = [
  ['both name and selector', { ...WEB, selector: {} }, /expected either name or selector; found both/],
  ['neither name nor selector', { apiVersion: 'apps/v1', kind: 'Deployment' }, /found neither/],
  ['a Pod', { apiVersion: 'v1', kind: 'Pod', name: 'x' }, /a Pod itself cannot be changed/],
  ['a bad apiVersion', { ...WEB, apiVersion: 'a/b/c' }, /expected group\/version/],
];

for (const [what, subject, sentence] of REFUSED) {
  test(`a subject is refused: ${what}`, async (t) => {
    const namespace = await testNamespace(t, 'refused');
    const { status, text } = await admin.request('POST', bindingsIn(namespace), bindingTo('bind', subject));
    assert.equal(status, 422, text);
    assert.match(text, sentence);
  });
}

test('the sources and bindings of the seeds are taken as v1beta1, and are v1', async (t) => {
  const namespace = await testNamespace(t, 'seeds');
  const selector = { matchLabels: { app: 'heartbeat-cron' } };
  const binding = bindingTo('test-sink-binding', { apiVersion: 'batch/v1', kind: 'Job', selector });
  await admin.create(bindingsIn(namespace, 'v1beta1'), { ...binding, apiVersion: 'sources.knative.dev/v1beta1' });
  const stored = await admin.get(`${bindingsIn(namespace)}/test-sink-binding`);
  assert.deepEqual(stored['spec'], binding['spec']);
  const sources = (version: string): string =>
    bindingsIn(namespace, version).replace('sinkbindings', 'containersources');
  const container = { image: 'x', args: ['--period=1'], env: [{ name: 'A', value: '1' }], whatever: { is: ['there'] } };
  await admin.create(sources('v1beta1'), {
    apiVersion: 'sources.knative.dev/v1beta1',
    kind: 'ContainerSource',
    metadata: { name: 'test' },
    spec: { template: { spec: { containers: [container] } }, sink: { uri: 'http://orders' } },
  });
  const { spec } = (await admin.get(`${sources('v1')}/test`)) as unknown as {
    spec: { template: { spec: { containers: readonly Body[] } } };
  };
  assert.deepEqual(spec.template.spec.containers, [container]);
});
