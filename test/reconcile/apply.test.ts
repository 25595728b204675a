import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeRequest } from '../../src/kube/client.ts';
import { KubeError, type KubeFailureCode } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { createApplier } from '../../src/reconcile/apply.ts';
import { fingerprint, fingerprintOfWill } from '../../src/reconcile/fingerprint.ts';
import { never } from '../kube/scripted-server.ts';

const SECRETS = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true, verbs: [] };
const OWNER = { apiVersion: 'a.b/v1', kind: 'Thing', name: 'one', uid: 'u-1', controller: true };

function secret(metadata: Partial<KubeObject['metadata']> = {}): KubeObject & { readonly data: object } {
  const own = { name: 'child', namespace: 'shop', ownerReferences: [OWNER], ...metadata };
  return { apiVersion: 'v1', kind: 'Secret', metadata: own, data: { key: 'hunter2' } };
}

const LIVE = secret({ uid: 'u-2', resourceVersion: '7' });

/** Applies a Secret to `live`, where the API server answers the PATCH with this failure. */
async function refused(code: KubeFailureCode, status: number, live: KubeObject | undefined = LIVE) {
  const kube = {
    json: async <T>({ method }: KubeRequest): Promise<T> => {
      if (method === 'PATCH') throw new KubeError(code, 'hunter2 is bad', { status, cause: { message: 'hunter2' } });
      throw new KubeError('notFound', 'not there', { status: 404 });
    },
  };
  return await createApplier(kube).apply(SECRETS, secret(), live, never());
}

test('a failure that passes is thrown, without what is in a Secret', async () => {
  for (const code of ['unreachable', 'serverError', 'throttled', 'timedOut'] as const) {
    await assert.rejects(refused(code, 500), (error) => {
      assert.ok(error instanceof KubeError);
      assert.equal(error.code, code);
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`, /hunter2/);
      return true;
    });
  }
});

test('what the API server will not have is an outcome, and what changed meanwhile is outdated', async () => {
  assert.deepEqual(await refused('forbidden', 403), {
    is: 'refused',
    code: 'forbidden',
    sentence: 'Secret shop/child may not be written. Applying Secret child was answered 403.',
  });
  assert.deepEqual(await refused('invalid', 422), {
    is: 'refused',
    code: 'invalid',
    sentence: 'Secret shop/child is not accepted. Applying Secret child was answered 422.',
  });
  assert.deepEqual(await refused('conflict', 409), { is: 'outdated' });
  assert.deepEqual(await refused('notFound', 404), { is: 'outdated' });
  const inNamespaceThatIsGone = async () => {
    const kube = { json: () => Promise.reject(new KubeError('notFound', 'no namespace', { status: 404 })) };
    return await createApplier(kube).apply(SECRETS, secret(), undefined, never());
  };
  assert.deepEqual(await inNamespaceThatIsGone(), {
    is: 'refused',
    code: 'invalid',
    sentence: 'Secret shop/child cannot be made: there is no namespace shop. Applying Secret child was answered 404.',
  });
});

test('an object that was not applied by us is left alone without a request', async () => {
  const kube = { json: () => assert.fail('a request was made') };
  const { apply } = createApplier(kube);
  for (const ownerReferences of [[], [{ ...OWNER, uid: 'other' }], [{ ...OWNER, controller: false }]]) {
    const live = secret({ uid: 'u-2', resourceVersion: '7', ownerReferences });
    assert.equal((await apply(SECRETS, secret(), live, never())).is, 'notOurs');
  }
});

test('a fingerprint tells contents apart, and not the order of keys', () => {
  assert.equal(fingerprint({ a: 1, b: { c: [1, 2], d: undefined } }), fingerprint({ b: { c: [1, 2] }, a: 1 }));
  assert.notEqual(fingerprint({ a: [1, 2] }), fingerprint({ a: [2, 1] }));
  assert.notEqual(fingerprint({ a: '1' }), fingerprint({ a: 1 }));
});

test('what is wanted of an object moves with its generation and its metadata, and of one without with every write', () => {
  const base = secret({ uid: 'u', resourceVersion: '7', generation: 2, labels: { a: 'b' } });
  const wanted = secret({ labels: { a: 'b' } });
  const moved = (metadata: Partial<KubeObject['metadata']>) =>
    fingerprintOfWill({ ...base, metadata: { ...base.metadata, ...metadata } }, wanted) !==
    fingerprintOfWill(base, wanted);
  assert.equal(moved({ resourceVersion: '8' }), false);
  assert.equal(moved({ annotations: { a: 'b' }, labels: { a: 'b', c: 'd' } }), false, 'those are of others');
  for (const metadata of [
    { uid: 'v' },
    { generation: 3 },
    { labels: {} },
    { labels: { a: 'c' } },
    { finalizers: ['f'] },
    { ownerReferences: [] },
  ]) {
    assert.equal(moved(metadata), true, JSON.stringify(metadata));
  }
  const plain = (resourceVersion: string) => fingerprintOfWill(secret({ uid: 'u', resourceVersion }), wanted);
  assert.notEqual(plain('7'), plain('8'));
});
