import assert from 'node:assert/strict';
import { test } from 'node:test';
import { derivedName } from './derived-name.ts';

const names = [
  ['watchbridge', 'watchbridge-heartbeats'],
  ['watchbridge:e2e', 'watchbridge-heartbeats:e2e'],
  ['localhost:5000/watchbridge', 'localhost:5000/watchbridge-heartbeats'],
  ['localhost:5000/watchbridge:e2e', 'localhost:5000/watchbridge-heartbeats:e2e'],
] as const;

for (const [image, derived] of names) {
  test(`the heartbeats image of ${image} is called ${derived}`, () => {
    assert.equal(derivedName(image, 'heartbeats'), derived);
  });
}
