import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { claimPort } from './ports.ts';

test('a claimed port is given to nobody else, in this process or another, and is in no range of the system', async () => {
  const ours = await Promise.all(Array.from({ length: 500 }, claimPort));
  const module = new URL('ports.ts', import.meta.url).href;
  const script = `const { claimPort } = await import('${module}');
    console.log(JSON.stringify(await Promise.all(Array.from({ length: 500 }, claimPort))));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  const all = [...ours, ...(JSON.parse(stdout) as number[])];
  assert.equal(new Set(all).size, 1000);
  assert.ok(all.every((port) => port >= 20_000 && port < 30_000));
});
