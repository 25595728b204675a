import { after, before, test } from 'node:test';
import { controllerLog, install } from './installation.ts';
import { tellWhyFailed } from './kubectl.ts';
import { heartbeatsProgram } from './seed-003/part-heartbeats.ts';
import { containerSource } from './seed-003/part-source.ts';

let uninstall: () => Promise<void>;

before(async () => {
  uninstall = await install();
});

after(() => uninstall());

test('the container source of seed 003, and its program', { concurrency: 4, timeout: 600_000 }, async (t) => {
  t.after(() => tellWhyFailed(t, controllerLog));
  await Promise.all([
    t.test('container source', containerSource),
    t.test('heartbeats', { concurrency: 4 }, heartbeatsProgram),
  ]);
});
