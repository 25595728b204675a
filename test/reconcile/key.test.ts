import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, keyOfName, nameOfKey } from '../../src/reconcile/key.ts';
import { configMap } from './events.ts';

test('a key names the object that it is of', () => {
  assert.equal(keyOf(configMap()), 'n/a');
  for (const name of [
    { namespace: 'shop', name: 'web' },
    { namespace: undefined, name: 'node-1' },
  ]) {
    assert.deepEqual(nameOfKey(keyOfName(name)), name);
  }
});
