import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Keeper } from '../../test/controlplane/keeper.ts';

/** A process that the demo started. Leaving its scope ends it: SIGTERM first, SIGKILL after a second. */
export interface Process extends AsyncDisposable {
  /** Resolves when it is gone and all it printed was heard. */
  readonly ended: Promise<Ending>;
}

export interface ProcessSpec {
  /** Of Node.js. */
  readonly args: readonly string[];
  /** The folder that it runs in. Default: that of the demo. */
  readonly cwd?: string;
  /** Added to the environment of the demo. */
  readonly env?: Readonly<Record<string, string>>;
  /** Hears every line that it prints. */
  readonly onLine: (line: string, from: 'stdout' | 'stderr') => void;
}

/** Starts a process that ends with the demo at the latest; throws once the demo is ending. */
export type StartProcess = (spec: ProcessSpec) => Process;

export interface Ending {
  /** In words: `exit code 1` or `signal SIGKILL`. */
  readonly how: string;
  readonly ok: boolean;
  /** The last lines that it printed. */
  readonly lastLines: readonly string[];
}

const GRACE_MS = 1_000;
const KEPT_LINES = 8;

/** Starts `node ...args`. The keeper ends it when the demo dies. */
export function startProcess({ args, cwd, env, onLine }: ProcessSpec, keeper: Keeper): Process {
  // In a process group of its own: Ctrl-C in a terminal reaches the demo alone, which then ends the group, and with it
  // what the process itself has started.
  const child = spawn(process.execPath, args, {
    detached: true,
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The operating system refused to start one more process.');
  keeper.guard(pid);
  child.once('exit', () => keeper.release(pid));
  const ended = endOf(child, onLine);
  const end = async (): Promise<void> => {
    signalGroup(pid, 'SIGTERM');
    const late = delay(GRACE_MS, 'late' as const, { ref: false });
    if ((await Promise.race([ended, late])) === 'late') signalGroup(pid, 'SIGKILL');
    await ended;
  };
  // A second SIGTERM would cut its end short.
  let ending: Promise<void> | undefined;
  return { ended, [Symbol.asyncDispose]: () => (ending ??= end()) };
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

function endOf(child: Child, onLine: ProcessSpec['onLine']): Promise<Ending> {
  const lastLines: string[] = [];
  for (const from of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[from] }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > KEPT_LINES) lastLines.shift();
      onLine(line, from);
    });
  }
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ how: signal === null ? `exit code ${code}` : `signal ${signal}`, ok: code === 0, lastLines });
    });
  });
}

/** Does nothing where the group is gone already. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
