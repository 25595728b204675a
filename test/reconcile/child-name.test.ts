import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { childName } from '../../src/reconcile/child-name.ts';

const UID = '0c119059-7113-11e9-a6c5-42010a8a00ed';

test("the names of children are upstream's", () => {
  const names: readonly (readonly [parent: string, suffix: string, name: string])[] = [
    ['asdf', '-deployment', 'asdf-deployment'],
    ['f'.repeat(63), '-deployment', 'ffffffffffffffffffff105d7597f637e83cc711605ac3ea4957-deployment'],
    ['f'.repeat(63), '-deploy', 'ffffffffffffffffffffffff105d7597f637e83cc711605ac3ea4957-deploy'],
    ['apiserversource-source-abc-', UID, `apiserversource-source-abc-${UID}`],
    ['apiserversource-source-abcd-', UID, 'apiserversource-source-abcd-66e18414af8a1e57f0827d860f62e4640c1'],
  ];
  // Cut after 63 characters it would end in a dash.
  const dashed = `-${'b'.repeat(28)}-${'c'.repeat(40)}`;
  assert.match(childName('a', dashed), /^a[0-9a-f]{32}-b{28}$/);
  for (const [parent, suffix, name] of names) assert.equal(childName(parent, suffix), name);
});

test('a name has 63 characters at most, ends in a letter or digit, and is another for another parent', () => {
  const part = fc.stringMatching(/^[a-z0-9][-a-z0-9]{0,80}[a-z0-9]$/);
  fc.assert(
    fc.property(part, part, part, (parent, other, suffix) => {
      const name = childName(parent, `-${suffix}`);
      assert.ok(name.length <= 63);
      assert.match(name, /[a-z0-9]$/);
      if (parent !== other) assert.notEqual(name, childName(other, `-${suffix}`));
    }),
  );
});
