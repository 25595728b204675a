import { statSync, utimesSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** The holder touches the file this often; one that was not touched for a few times as long is abandoned. */
const TOUCH_MS = 2_000;
const ABANDONED_MS = 15_000;
const POLL_MS = 500;

/**
 * Does the work while no other process does work under the same lock file; tells `waiting` when it has to wait.
 * In the rare moment when two processes find an abandoned lock, both may go on: the work must stand that.
 */
export async function withLock<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  for (let waits = 0; !(await take(file)); waits += 1) {
    if (waits === 0) waiting();
    if (isAbandoned(file)) await rm(file, { force: true });
    else await delay(POLL_MS);
  }
  const touching = setInterval(() => touch(file), TOUCH_MS);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAbandoned(file: string): boolean {
  const touched = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return touched !== undefined && Date.now() - touched > ABANDONED_MS;
}

function touch(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // Somebody took it for abandoned, after our process was stopped for a while. See above.
  }
}
