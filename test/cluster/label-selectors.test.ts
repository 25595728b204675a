import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INVALID_SELECTORS, VALID_SELECTORS } from '../kube/label-selectors.ts';
import { sharedCluster } from '../support/cluster.ts';

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
