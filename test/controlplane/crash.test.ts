import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const VICTIM = fileURLToPath(new URL('crash-victim.ts', import.meta.url));
const LIMIT_MS = 5_000;

const deaths: readonly { how: string; argument: 'wait' | 'throw'; signal?: NodeJS.Signals }[] = [
  { how: 'SIGKILL', argument: 'wait', signal: 'SIGKILL' },
  { how: 'Ctrl-C', argument: 'wait', signal: 'SIGINT' },
  { how: 'an uncaught exception', argument: 'throw' },
];

for (const { how, argument, signal } of deaths) {
  test(`nothing runs and no directory is left a few seconds after our process died of ${how}`, async () => {
    const victim = spawn(process.execPath, [VICTIM, argument], { stdio: ['ignore', 'pipe', 'ignore'] });
    const exited = once(victim, 'exit');
    const [line] = (await once(createInterface({ input: victim.stdout }), 'line')) as [string];
    const { pids, directory } = JSON.parse(line) as { pids: number[]; directory: string };
    assert.equal(pids.length, 3);
    if (signal !== undefined) {
      assert.deepEqual(pids.map(isAlive), [true, true, true]);
      assert.ok(existsSync(directory));
      victim.kill(signal);
    }
    await exited;
    const deadline = performance.now() + LIMIT_MS;
    while ((pids.some(isAlive) || existsSync(directory)) && performance.now() < deadline) await delay(50);
    assert.deepEqual(pids.map(isAlive), [false, false, false]);
    assert.equal(existsSync(directory), false);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
