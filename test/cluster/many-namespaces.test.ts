import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureNamespaces } from '../support/many-namespaces.ts';

test('a source of many namespaces costs the API server a watch a kind and one of namespaces, and follows at once', async (t) => {
  const cost = await measureNamespaces(t, 200);
  t.diagnostic(JSON.stringify(cost));
  assert.equal(cost.watches, 5);
  assert.equal(cost.namespaceWatches, 1);
  assert.ok(cost.lists <= 10, `${cost.lists} lists until it was ready`);
  // One a kind, and one more where a watch ended meanwhile, which asks for the newest version.
  assert.ok(cost.listsToEnter <= 10, `${cost.listsToEnter} lists for a namespace`);
  // Without a watch of namespaces it would be minutes; `npm run bench:namespaces` says what it is.
  assert.ok(cost.enterMs < 10_000, `${cost.enterMs} ms until a namespace is told of`);
  assert.ok(cost.leaveMs < 10_000, `${cost.leaveMs} ms until a namespace is told of no longer`);
});
