import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { byCloseness } from '../../src/kube/closeness.ts';
import { createDiscovery, type Discovery } from '../../src/kube/discovery.ts';
import { accessTo, answer, clientFor, never, scriptedServer, type ScriptedServer } from './scripted-server.ts';

const ALL = ['create', 'delete', 'get', 'list', 'watch'];
const CORE = {
  kind: 'APIResourceList',
  groupVersion: 'v1',
  resources: [
    { name: 'bindings', singularName: 'binding', namespaced: true, kind: 'Binding', verbs: ['create'] },
    { name: 'endpoints', singularName: 'endpoints', namespaced: true, kind: 'Endpoints', verbs: ALL },
    { name: 'nodes', singularName: 'node', namespaced: false, kind: 'Node', verbs: ALL },
    { name: 'pods/log', singularName: '', namespaced: true, kind: 'Pod', verbs: ['get'] },
    { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ALL },
    { name: 'pods/eviction', group: 'policy', version: 'v1', namespaced: true, kind: 'Eviction', verbs: ['create'] },
    { name: 'podtemplates', singularName: 'podtemplate', namespaced: true, kind: 'PodTemplate', verbs: ALL },
  ],
};
const NETWORKING = {
  kind: 'APIResourceList',
  groupVersion: 'networking.k8s.io/v1',
  resources: [
    { name: 'networkpolicies', namespaced: true, kind: 'NetworkPolicy', verbs: ALL },
    { name: 'ingresses', namespaced: true, kind: 'Ingress', verbs: ALL },
  ],
};
const V1 = { group: '', version: 'v1' };
const NETWORKING_V1 = { group: 'networking.k8s.io', version: 'v1' };

interface Rig extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly discovery: Discovery;
}

/** Discovery on a server with these answers, by path; any other path is a 404. */
async function rig(t: TestContext, answers: ReadonlyMap<string, unknown>): Promise<Rig> {
  const server = await scriptedServer((request, response) => {
    const body = answers.get(request.url ?? '');
    answer(response, body === undefined ? 404 : 200, body ?? { kind: 'Status', reason: 'NotFound' });
  });
  const discovery = createDiscovery(clientFor(t, accessTo(server.url)));
  return { server, discovery, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function served(): Map<string, unknown> {
  return new Map<string, unknown>([
    ['/api/v1', CORE],
    ['/apis/networking.k8s.io/v1', NETWORKING],
  ]);
}

test('a kind has the plural that the server says, however irregular', async (t) => {
  await using it = await rig(t, served());
  const pluralOf = async (gv: typeof V1, kind: string) => {
    const found = await it.discovery.find(gv, { kind }, never());
    return found.is === 'found' ? found.resource.plural : found.is;
  };
  assert.equal(await pluralOf(V1, 'Pod'), 'pods');
  assert.equal(await pluralOf(V1, 'Endpoints'), 'endpoints');
  assert.equal(await pluralOf(NETWORKING_V1, 'NetworkPolicy'), 'networkpolicies');
  assert.equal(await pluralOf(NETWORKING_V1, 'Ingress'), 'ingresses');
});

test('a plural leads to all that is known of the kind', async (t) => {
  await using it = await rig(t, served());
  assert.deepEqual(await it.discovery.find(V1, { plural: 'nodes' }, never()), {
    is: 'found',
    resource: { ...V1, plural: 'nodes', kind: 'Node', namespaced: false, verbs: ALL },
  });
});

test('subresources are no resources', async (t) => {
  await using it = await rig(t, served());
  assert.equal((await it.discovery.find(V1, { plural: 'pods/log' }, never())).is, 'noResource');
  assert.equal((await it.discovery.find(V1, { kind: 'Eviction' }, never())).is, 'noResource');
});

test('of an unknown kind or plural the similar names are told, the closest first', async (t) => {
  await using it = await rig(t, served());
  assert.deepEqual(await it.discovery.find(V1, { kind: 'pod' }, never()), {
    is: 'noResource',
    near: ['Pod', 'Node', 'Binding', 'Endpoints', 'PodTemplate'],
  });
  const found = await it.discovery.find(NETWORKING_V1, { plural: 'networkpolicys' }, never());
  assert.deepEqual(found, { is: 'noResource', near: ['networkpolicies', 'ingresses'] });
});

test('a group version that the server does not have is told apart from a kind that it does not have', async (t) => {
  await using it = await rig(t, served());
  assert.deepEqual(await it.discovery.find({ group: 'apps', version: 'v2' }, { kind: 'Deployment' }, never()), {
    is: 'noGroupVersion',
  });
});

test('a kind that cannot be listed and watched is told with the verbs it lacks', async (t) => {
  await using it = await rig(t, served());
  const found = await it.discovery.find(V1, { kind: 'Binding' }, never());
  assert.equal(found.is, 'notWatchable');
  assert.deepEqual(found.is === 'notWatchable' && found.missingVerbs, ['list', 'watch']);
});

test('a group version is asked for once, until it is forgotten', async (t) => {
  await using it = await rig(t, served());
  await Promise.all(['Pod', 'Node', 'Endpoints'].map((kind) => it.discovery.find(V1, { kind }, never())));
  await it.discovery.find(V1, { kind: 'Pod' }, never());
  assert.equal(it.server.requests.length, 1);
  it.discovery.forget(V1);
  await it.discovery.find(V1, { kind: 'Pod' }, never());
  assert.equal(it.server.requests.length, 2);
});

test('what was missing is found as soon as it is installed', async (t) => {
  const answers = new Map<string, unknown>();
  await using it = await rig(t, answers);
  const find = async () => (await it.discovery.find(V1, { kind: 'Pod' }, never())).is;
  assert.equal(await find(), 'noGroupVersion');
  answers.set('/api/v1', { ...CORE, resources: null });
  assert.equal(await find(), 'noResource');
  answers.set('/api/v1', CORE);
  assert.equal(await find(), 'found');
});

test('a failure of the server is a failure of the look-up, and is not remembered', async (t) => {
  let reply: [status: number, body: unknown] = [503, { reason: 'ServiceUnavailable' }];
  await using server = await scriptedServer((_, response) => answer(response, ...reply));
  const client = clientFor(t, accessTo(server.url));
  const { find } = createDiscovery(client);
  await assert.rejects(find(V1, { kind: 'Pod' }, never()), { code: 'serverError' });
  reply = [403, { reason: 'Forbidden' }];
  await assert.rejects(find(V1, { kind: 'Pod' }, never()), { code: 'forbidden' });
  for (const body of [{ kind: 'Status' }, [], null, 'text']) {
    reply = [200, body];
    await assert.rejects(find(V1, { kind: 'Pod' }, never()), { code: 'malformed', message: /APIResourceList/ });
  }
  reply = [200, CORE];
  assert.equal((await find(V1, { kind: 'Pod' }, never())).is, 'found');
});

test('every resource that can be listed and watched is told, and a group version that is absent is asked for again', async (t) => {
  const answers = served();
  await using it = await rig(t, answers);
  const plurals = async (gv: typeof V1) => (await it.discovery.watchable(gv, never()))?.map(({ plural }) => plural);
  assert.deepEqual(await plurals(V1), ['endpoints', 'nodes', 'pods', 'podtemplates']);
  answers.delete('/apis/networking.k8s.io/v1');
  assert.equal(await plurals(NETWORKING_V1), undefined);
  answers.set('/apis/networking.k8s.io/v1', NETWORKING);
  assert.deepEqual(await plurals(NETWORKING_V1), ['networkpolicies', 'ingresses']);
});

test('who gives up a look-up does not end it for the others', async (t) => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  let respond = () => {};
  await using server = await scriptedServer((_, response) => {
    respond = () => answer(response, 200, CORE);
    resolve();
  });
  const client = clientFor(t, accessTo(server.url));
  const { find } = createDiscovery(client);
  const aborter = new AbortController();
  const impatient = find(V1, { kind: 'Pod' }, aborter.signal);
  const patient = find(V1, { kind: 'Pod' }, never());
  await asked;
  aborter.abort();
  await assert.rejects(impatient, { code: 'aborted' });
  respond();
  assert.equal((await patient).is, 'found');
  assert.equal(server.requests.length, 1);
});

test('names are sorted by how little has to change, whatever their case', () => {
  assert.deepEqual(byCloseness([], 'x'), []);
  assert.deepEqual(byCloseness(['b', 'a', 'abc', 'ABD'], 'abd'), ['ABD', 'abc', 'a', 'b']);
  assert.deepEqual(byCloseness(['services', 'secrets', 'pods'], 'secret'), ['secrets', 'services', 'pods']);
});
