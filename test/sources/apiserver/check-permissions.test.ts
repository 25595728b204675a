import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeClient, KubeRequest } from '../../../src/kube/client.ts';
import { createPermissionChecks } from '../../../src/sources/apiserver/check-permissions.ts';
import { serviceAccount } from '../../../src/sources/apiserver/permissions.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const ACCOUNT = serviceAccount('shop', 'default');
const PODS = { group: '', plural: 'pods', namespaced: true };
const SHOP = { resources: [PODS], namespaces: ['shop'] };

interface Review {
  readonly user: string;
  readonly groups: readonly string[];
  readonly resourceAttributes: { readonly verb: string; readonly namespace: string };
}

/** An API server that answers when it is told to, and says how many questions it held at once. */
function reviewer(may: (review: Review) => boolean) {
  const asked: Review[] = [];
  let open = 0;
  let most = 0;
  const json = async (request: KubeRequest): Promise<unknown> => {
    assert.equal(request.path, '/apis/authorization.k8s.io/v1/subjectaccessreviews');
    const { spec } = request.body as { spec: Review };
    asked.push(spec);
    most = Math.max(most, ++open);
    await new Promise((resolve) => setImmediate(resolve));
    open--;
    return { status: { allowed: may(spec) } };
  };
  return { kube: { json } as Pick<KubeClient, 'json'>, asked, most: () => most };
}

const { signal } = new AbortController();

test('a review names the account with its groups, and what is asked', async () => {
  const { kube, asked } = reviewer(() => true);
  assert.equal(await createPermissionChecks(kube, fakeClock()).missing(ACCOUNT, SHOP, signal), undefined);
  assert.deepEqual(asked[0], {
    user: 'system:serviceaccount:shop:default',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
    resourceAttributes: { namespace: 'shop', verb: 'get', group: '', resource: 'pods' },
  });
});

test('many questions are asked side by side, and never more than eight', async () => {
  const { kube, asked, most } = reviewer(({ resourceAttributes }) => resourceAttributes.namespace !== '');
  const namespaces = Array.from({ length: 50 }, (_, i) => `n${i}`);
  const checks = createPermissionChecks(kube, fakeClock());
  assert.equal(await checks.missing(ACCOUNT, { resources: [PODS], namespaces }, signal), undefined);
  assert.deepEqual([asked.length, most()], [153, 8]);
});

test('what was answered is not asked again until rights have changed', async () => {
  let allowed = false;
  const { kube, asked } = reviewer(() => allowed);
  const checks = createPermissionChecks(kube, fakeClock());
  assert.match((await checks.missing(ACCOUNT, SHOP, signal)) ?? '', /cannot get, list, watch/);
  allowed = true;
  assert.match((await checks.missing(ACCOUNT, SHOP, signal)) ?? '', /cannot get, list, watch/);
  assert.equal(asked.length, 3);
  checks.forget(undefined);
  assert.equal(await checks.missing(ACCOUNT, SHOP, signal), undefined);
  assert.equal(asked.length, 6);
});

test('what changed in a namespace has nothing asked anew but what was asked of it', async () => {
  const { kube, asked } = reviewer(() => true);
  const checks = createPermissionChecks(kube, fakeClock());
  await checks.missing(ACCOUNT, SHOP, signal);
  checks.forget('other');
  await checks.missing(ACCOUNT, SHOP, signal);
  assert.equal(asked.length, 3);
  checks.forget('shop');
  await checks.missing(ACCOUNT, SHOP, signal);
  assert.equal(asked.length, 6);
});

test('what is being asked is not asked again, and after rights have changed it is', async () => {
  const { kube, asked } = reviewer(() => true);
  const checks = createPermissionChecks(kube, fakeClock());
  const first = [checks.missing(ACCOUNT, SHOP, signal), checks.missing(ACCOUNT, SHOP, signal)];
  assert.equal(asked.length, 3);
  checks.forget(undefined);
  await Promise.all([...first, checks.missing(ACCOUNT, SHOP, signal)]);
  assert.equal(asked.length, 6);
});

test('an answer that was asked for before rights changed is not remembered', async () => {
  const { kube, asked } = reviewer(() => true);
  const checks = createPermissionChecks(kube, fakeClock());
  const asking = checks.missing(ACCOUNT, SHOP, signal);
  checks.forget(undefined);
  assert.equal(await asking, undefined);
  assert.equal(asked.length, 3);
  await checks.missing(ACCOUNT, SHOP, signal);
  assert.equal(asked.length, 6);
});

test('an answer is asked for again after ten minutes, as others than RBAC may have changed their minds', async () => {
  const { kube, asked } = reviewer(() => true);
  const clock = fakeClock();
  const checks = createPermissionChecks(kube, clock);
  await checks.missing(ACCOUNT, SHOP, signal);
  await clock.advance(9 * 60_000);
  await checks.missing(ACCOUNT, SHOP, signal);
  assert.equal(asked.length, 3);
  await clock.advance(2 * 60_000);
  await checks.missing(ACCOUNT, SHOP, signal);
  assert.equal(asked.length, 6);
});

test('a refusal is asked for again after half a second, as the API server may have heard of a Role later than we', async () => {
  const { kube, asked } = reviewer(() => false);
  const clock = fakeClock();
  const checks = createPermissionChecks(kube, clock);
  await checks.missing(ACCOUNT, SHOP, signal);
  await clock.advance(400);
  await checks.missing(ACCOUNT, SHOP, signal);
  assert.equal(asked.length, 3);
  await clock.advance(200);
  await checks.missing(ACCOUNT, SHOP, signal);
  assert.equal(asked.length, 6);
});

test('two accounts are asked about apart, and a single question is remembered, too', async () => {
  const { kube, asked } = reviewer(({ user }) => user.endsWith(':default'));
  const checks = createPermissionChecks(kube, fakeClock());
  const question = { verb: 'watch', group: '', resource: 'namespaces', namespace: '' };
  const other = serviceAccount('shop', 'other');
  for (let round = 0; round < 2; round++) {
    assert.equal(await checks.allowed(ACCOUNT, question, signal), true);
    assert.equal(await checks.allowed(other, question, signal), false);
  }
  assert.equal(asked.length, 2);
});

test('a review that fails fails the check', async () => {
  const json = (): Promise<never> => Promise.reject(new Error('down'));
  const checks = createPermissionChecks({ json }, fakeClock());
  await assert.rejects(checks.missing(ACCOUNT, SHOP, signal), /down/);
});
