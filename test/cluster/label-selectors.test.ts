import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelMatcher } from '../../src/kube/label-selector.ts';
import { INVALID_SELECTORS, VALID_SELECTORS } from '../kube/label-selectors.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';

test('the API server takes and refuses the selectors that we take and refuse', async () => {
  const { admin } = sharedCluster();
  const statusOf = async (selector: string): Promise<[string, number]> => {
    const query = new URLSearchParams({ labelSelector: selector, limit: '1' });
    return [selector, (await admin.request('GET', `/api/v1/namespaces?${query.toString()}`)).status];
  };
  assert.deepEqual(
    await Promise.all(VALID_SELECTORS.map(statusOf)),
    VALID_SELECTORS.map((selector) => [selector, 200]),
  );
  assert.deepEqual(
    await Promise.all(INVALID_SELECTORS.map(statusOf)),
    INVALID_SELECTORS.map((selector) => [selector, 400]),
  );
});

test('a selector matches here what it matches at the API server', async (t) => {
  const { admin } = sharedCluster();
  const namespace = await testNamespace(t, 'matcher');
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const sets: readonly Record<string, string>[] = [
    {},
    { x: 'a' },
    { x: '', y: 'b' },
    { x: 'abc', z: '3' },
    { x: '8', z: '9', foo: 'abc' },
    { in: 'in', notin: 'x', a: 'notin' },
  ];
  await Promise.all(sets.map((labels, index) => admin.create(path, { metadata: { name: `set-${index}`, labels } })));
  const more = ['!x', 'x', 'x!=a', 'x notin (a,abc)', 'x in (a,abc),!z', 'z>3', 'z<9', 'x=', '!x,!in'];
  for (const selector of [...VALID_SELECTORS, ...more]) {
    const query = new URLSearchParams({ labelSelector: selector });
    const { items } = await admin.list(`${path}?${query.toString()}`);
    const there = items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('set-'));
    const here = sets.flatMap((labels, index) => (labelMatcher(selector)(labels) ? [`set-${index}`] : []));
    assert.deepEqual(here, there.toSorted(), JSON.stringify(selector));
  }
});
