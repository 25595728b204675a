import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { target } from './target.ts';

const VICTIM = fileURLToPath(new URL('../node/crash-victim.ts', import.meta.url));

const CGROUPS = '/sys/fs/cgroup';

interface Told {
  readonly namespace: string;
  readonly cgroup: string;
  readonly directories: readonly string[];
}

const ends: readonly { how: string; signal: NodeJS.Signals }[] = [
  { how: 'was killed', signal: 'SIGKILL' },
  { how: 'met Ctrl-C', signal: 'SIGINT' },
  { how: 'stopped it', signal: 'SIGTERM' },
];

const NOTHING = { processes: [], directories: [], cgroups: [] };

/** On somebody else's cluster there is nothing of ours to be left. */
if (target().isOwn) {
  for (const { how, signal } of ends) {
    test(`nothing of a node, its pods and its network is left after the process that started it ${how}`, async (t) => {
      const before = linksToNodes();
      const victim = spawn(process.execPath, [VICTIM], { stdio: ['ignore', 'pipe', 'inherit'] });
      t.after(() => victim.kill('SIGKILL'));
      const exited = once(victim, 'exit');
      const lines = createInterface({ input: victim.stdout });
      const told = await Promise.race([once(lines, 'line').then(([line]) => JSON.parse(String(line)) as Told), exited]);
      assert.ok(!Array.isArray(told), 'the victim ended before its cluster was up');

      assert.equal(linksToNodes().length, before.length + 1);
      assert.notDeepEqual(whatIsLeft(told), NOTHING);
      victim.kill(signal);
      await exited;
      await eventually(
        () => `nothing is left: ${JSON.stringify(whatIsLeft(told))}`,
        () => JSON.stringify(whatIsLeft(told)) === JSON.stringify(NOTHING),
        10_000,
      );
      assert.deepEqual(linksToNodes(), before);
    });
  }
}

function whatIsLeft({ namespace, cgroup, directories }: Told): Record<keyof typeof NOTHING, readonly string[]> {
  return {
    processes: readdirSync('/proc').filter((name) => /^\d+$/.test(name) && namespaceOf(name) === namespace),
    directories: directories.filter((directory) => existsSync(directory)),
    cgroups: [...readdirSync(CGROUPS), '']
      .map((name) => join(CGROUPS, name, cgroup))
      .filter((path) => existsSync(path)),
  };
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function linksToNodes(): string[] {
  return Object.keys(networkInterfaces()).filter((name) => name.startsWith('wb-'));
}
