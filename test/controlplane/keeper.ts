import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** The near end of the keeper process, which cleans up after us however we end. */
export interface Keeper {
  /** From now on the process group dies with us. */
  guard(group: number): void;
  /** The process group has ended: its number may soon be another's. */
  release(group: number): void;
  /** At the end, after the groups, this directory is removed. */
  remove(directory: string): void;
  /** At the end, after the groups, this cgroup is removed with all below it; the groups' processes were its last. */
  dissolve(cgroup: string): void;
  /** Has the keeper clean up now; resolves when it has. */
  end(): Promise<void>;
}

/**
 * Starts the keeper in a session of its own, so that Ctrl-C and the end of a terminal do not reach it.
 * It does not keep our event loop alive.
 */
export async function startKeeper(): Promise<Keeper> {
  const program = fileURLToPath(new URL('keeper-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
  await once(child, 'spawn');
  const pipe = child.stdin as Socket;
  child.unref();
  pipe.unref();
  // A write into a pipe whose reader is gone: there is nothing left to say to it, and stop() still ends everything.
  pipe.on('error', () => undefined);
  const exited = once(child, 'exit');
  return {
    guard: (group) => pipe.write(`guard ${group}\n`),
    release: (group) => pipe.write(`release ${group}\n`),
    remove: (directory) => pipe.write(`remove ${directory}\n`),
    dissolve: (cgroup) => pipe.write(`dissolve ${cgroup}\n`),
    end: async () => {
      child.ref();
      pipe.end();
      await exited;
    },
  };
}
