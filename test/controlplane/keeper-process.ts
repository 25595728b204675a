/**
 * The keeper: a small process of its own that outlives the one that started it, whatever that one dies of
 * (SIGKILL, an uncaught exception, Ctrl-C), and then ends the process groups and removes the directories it was told of.
 *
 * Standard input carries one order a line: `guard <pgid>`, `release <pgid>`, `remove <directory>`, `dissolve <cgroup>`.
 * Its end, which the operating system brings about when the other side is gone, is the order to clean up.
 */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const WAIT_MS = 20;
const WAITS = 250;

const groups = new Set<number>();
const directories = new Set<string>();
const cgroups = new Set<string>();

for await (const line of createInterface({ input: process.stdin })) obey(line);
await Promise.all([...groups].map(end));
for (const cgroup of cgroups) await dissolve(cgroup);
for (const directory of directories) await rm(directory, { recursive: true, force: true, maxRetries: 5 });

function obey(line: string): void {
  const space = line.indexOf(' ');
  const order = line.slice(0, space);
  const operand = line.slice(space + 1);
  if (order === 'guard') groups.add(Number(operand));
  if (order === 'release') groups.delete(Number(operand));
  if (order === 'remove') directories.add(operand);
  if (order === 'dissolve') cgroups.add(operand);
}

/**
 * Kills a process group and waits until it is gone, as a directory in use cannot be removed for good; but not for ever,
 * as the dead of a container whose first process does not wait for its children stay in the process table.
 */
async function end(group: number): Promise<void> {
  for (let waits = 0; signal(group) && waits < WAITS; waits += 1) await delay(WAIT_MS);
}

function signal(group: number): boolean {
  try {
    process.kill(-group, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** Removes a cgroup and those below it. Their files go with them, and a process that ends holds its own a moment. */
async function dissolve(cgroup: string): Promise<void> {
  const entries = await readdir(cgroup, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await dissolve(join(cgroup, entry.name));
  for (let waits = 0; waits < WAITS; waits += 1) {
    const failure = await rmdir(cgroup).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (failure !== 'EBUSY') return;
    await delay(WAIT_MS);
  }
}
