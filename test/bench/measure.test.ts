import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMicroseconds, residentMegabytes } from '../../bench/measure.ts';

test('the CPU time read from /proc is that which the process knows of itself', () => {
  const until = performance.now() + 100;
  while (performance.now() < until) Math.sqrt(until);
  const before = process.cpuUsage();
  const read = cpuMicroseconds(process.pid);
  const after = process.cpuUsage();
  // Both of its parts are rounded down to ticks of 10 ms.
  assert.ok(read > before.user + before.system - 20_000, `${read} is less than ${before.user + before.system}`);
  assert.ok(read <= after.user + after.system, `${read} is more than ${after.user + after.system}`);
});

test('the resident memory read from /proc is that which the process knows of itself', () => {
  const { current, peak } = residentMegabytes(process.pid);
  const known = process.memoryUsage.rss() / 1e6;
  assert.ok(Math.abs(current - known) < known / 10, `${current} MB were read, ${known} MB are known`);
  assert.ok(peak >= current);
});
