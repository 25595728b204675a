import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Found } from '../../src/kube/discovery.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Destination } from '../../src/reconcile/destination.ts';
import { type ResolvedSink, resolveSink } from '../../src/reconcile/resolve-sink.ts';
import type { Seen } from '../../src/reconcile/tracker.ts';
import { never } from '../kube/scripted-server.ts';

const VERBS = ['get', 'list', 'watch'];
const SERVICES: Found = {
  is: 'found',
  resource: { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true, verbs: VERBS },
};
const GATEWAYS: Found = {
  is: 'found',
  resource: { group: 'net.io', version: 'v1', plural: 'gateways', kind: 'Gateway', namespaced: true, verbs: VERBS },
};
const SERVICE: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'sink', namespace: 'shop' } };
const REF = { apiVersion: 'v1', kind: 'Service', name: 'sink' };
const GATEWAY_REF = { apiVersion: 'net.io/v1', kind: 'Gateway', name: 'in', namespace: 'edge' };

interface World {
  readonly found?: Found;
  readonly seen?: Seen<KubeObject>;
  /** Of a request, where one is made. */
  readonly answer?: () => KubeObject;
}

async function resolve(destination: Destination, world: World = {}): Promise<ResolvedSink & { calls: string[] }> {
  const { found = SERVICES, seen = { is: 'present', object: SERVICE }, answer } = world;
  const calls: string[] = [];
  const io = {
    discovery: { find: async () => found },
    kube: {
      json: async <T>({ path }: { readonly path: string }): Promise<T> => {
        calls.push(`GET ${path}`);
        assert.ok(answer !== undefined, 'no request is needed');
        return answer() as T;
      },
    },
    tracker: {
      track: (object: { resource: { plural: string }; namespace: string; name: string }) => {
        calls.push(`track ${object.resource.plural} ${object.namespace}/${object.name}`);
        return seen;
      },
      untrack: () => void calls.push('untrack'),
    },
  };
  const owner = { by: { key: 'shop/source', role: 'sink' }, namespace: 'shop', clusterDomain: 'cluster.local' };
  return { ...(await resolveSink(io, destination, owner, never())), calls };
}

test('a Service is read from what is tracked, in the namespace of the source, without a request', async () => {
  assert.deepEqual(await resolve({ ref: REF }), {
    is: 'resolved',
    sink: { uri: 'http://sink.shop.svc.cluster.local' },
    calls: ['track services shop/sink'],
  });
  const other = await resolve({ ref: { ...REF, namespace: 'bus' }, uri: '/in' });
  assert.deepEqual(other.is === 'resolved' && other.sink.uri, 'http://sink.bus.svc.cluster.local/in');
});

test('another kind is asked for its address under the plural name that the API server has', async () => {
  const status = { address: { url: 'http://in.edge.svc.cluster.local/a' } };
  const object = { apiVersion: 'net.io/v1', kind: 'Gateway', metadata: { name: 'in', namespace: 'edge' }, status };
  const world = { found: GATEWAYS, seen: { is: 'present', object } } as const;
  assert.deepEqual(await resolve({ ref: GATEWAY_REF, uri: 'b', audience: 'me' }, world), {
    is: 'resolved',
    sink: { uri: 'http://in.edge.svc.cluster.local/b', audience: 'me' },
    calls: ['track gateways edge/in'],
  });
});

test('a URI is taken as it is, and nothing is tracked any more', async () => {
  assert.deepEqual(await resolve({ uri: 'https://sink.example/a?b' }), {
    is: 'resolved',
    sink: { uri: 'https://sink.example/a?b' },
    calls: ['untrack'],
  });
});

test('while the informer does not know, the API server is asked once', async () => {
  const unknown: Seen<KubeObject> = { is: 'unknown' };
  const resolved = await resolve({ ref: REF }, { seen: unknown, answer: () => SERVICE });
  assert.equal(resolved.is, 'resolved');
  assert.deepEqual(resolved.calls, ['track services shop/sink', 'GET /api/v1/namespaces/shop/services/sink']);
  await assert.rejects(
    resolve({ ref: REF }, { seen: unknown, answer: () => failWith('unreachable') }),
    (error) => error instanceof KubeError && error.code === 'unreachable',
  );
});

function failWith(code: 'unreachable' | 'forbidden' | 'notFound'): never {
  throw new KubeError(code, code);
}

test('a sink that does not resolve tells its true cause, and whether something will wake the source', async () => {
  const unknown: Seen<KubeObject> = { is: 'unknown' };
  const resource = GATEWAYS.resource;
  const table: readonly (readonly [Destination, World, code: string, sentence: RegExp, askAgain: boolean])[] = [
    [{}, {}, 'nothingNamed', /neither ref nor uri/, false],
    [{ uri: '/a' }, {}, 'uriRelative', /no scheme and host/, false],
    [{ uri: 'ftp://sink' }, {}, 'uriUnusable', /scheme ftp/, false],
    [{ ref: REF }, { seen: { is: 'absent' } }, 'objectNotFound', /^Service shop\/sink \(v1\) does not exist; /, false],
    [{ ref: REF }, { seen: unknown, answer: () => failWith('notFound') }, 'objectNotFound', /does not exist/, false],
    [
      { ref: GATEWAY_REF },
      { found: GATEWAYS, seen: unknown, answer: () => failWith('forbidden') },
      'objectForbidden',
      /^The controller may not read Gateway edge\/in; let it get, list and watch gateways\.net\.io,/,
      false,
    ],
    [
      { ref: GATEWAY_REF },
      { found: { is: 'noGroupVersion' } },
      'groupVersionUnknown',
      /does not serve net\.io\/v1/,
      true,
    ],
    [
      { ref: { ...REF, kind: 'Servce' } },
      { found: { is: 'noResource', near: ['Service', 'Secret', 'Event', 'Node'] } },
      'kindUnknown',
      /no kind Servce in v1; it has Service, Secret, Event\. Correct/,
      true,
    ],
    [
      { ref: GATEWAY_REF },
      { found: { is: 'notWatchable', resource, missingVerbs: ['watch'] } },
      'kindUnwatchable',
      /does not offer to watch its objects/,
      true,
    ],
    [{ ref: GATEWAY_REF }, { found: GATEWAYS }, 'addressMissing', /^Gateway edge\/in has no address/, false],
  ];
  for (const [destination, world, code, sentence, askAgain] of table) {
    const resolved = await resolve(destination, world);
    assert.ok(resolved.is === 'unresolved', code);
    assert.equal(resolved.code, code);
    assert.match(resolved.sentence, sentence);
    assert.equal(resolved.askAgain, askAgain, code);
    assert.equal(resolved.reason, code === 'nothingNamed' ? 'SinkEmpty' : 'NotFound');
  }
});
