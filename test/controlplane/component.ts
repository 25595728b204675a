import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Keeper } from './keeper.ts';

/** One program of the control plane, as a process that a test may end, freeze and start again. */
export interface Component {
  readonly name: string;
  /** The process, and its process group; undefined while it does not run. */
  readonly pid: number | undefined;
  /** Everything it printed, over all its starts. */
  readonly logFile: string;
  /** Starts it with the same flags, ports and data as before; resolves when it is ready to serve. */
  start(): Promise<void>;
  /** Ends it with SIGTERM, and with SIGKILL when it takes longer than its grace; resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Freezes it (SIGSTOP): its connections stay open and silent. It is frozen when this returns. */
  pause(): void;
  /** Lets a frozen one go on (SIGCONT). */
  continue(): void;
}

export interface ComponentSpec {
  readonly name: string;
  readonly program: string;
  readonly flags: readonly string[];
  readonly logFile: string;
  /** How long `stop` waits between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs: number;
  /** Whether it serves; asked again and again until it does. A failure to connect counts as no. */
  readonly isReady: () => Promise<boolean>;
}

/** Longer than a start takes on a busy machine with few cores. */
const START_LIMIT_MS = 60_000;
const READY_POLL_MS = 25;

/** Describes a component; nothing runs before `start`. The keeper ends it when we die. */
export function createComponent(spec: ComponentSpec, keeper: Keeper): Component {
  let running: Running | undefined;
  const send = (signal: NodeJS.Signals): void => {
    if (running !== undefined) signalGroup(running.pid, signal);
  };

  return {
    name: spec.name,
    logFile: spec.logFile,
    get pid() {
      return running?.pid;
    },
    start: async () => {
      if (running !== undefined) throw new Error(`${spec.name} runs already, as process ${running.pid}.`);
      const mine = await launch(spec, keeper);
      running = mine;
      void mine.exited.then(() => {
        if (running === mine) running = undefined;
      });
      try {
        await becomeReady(spec, mine);
      } catch (error) {
        signalGroup(mine.pid, 'SIGKILL');
        throw error;
      }
    },
    stop: async () => {
      const mine = running;
      if (mine === undefined) return;
      send('SIGTERM');
      send('SIGCONT');
      const timer = setTimeout(() => send('SIGKILL'), spec.graceMs);
      await gone(mine);
      clearTimeout(timer);
    },
    kill: async () => {
      send('SIGKILL');
      if (running !== undefined) await gone(running);
    },
    pause: () => {
      send('SIGSTOP');
      if (running !== undefined) awaitFrozen(running.pid);
    },
    continue: () => send('SIGCONT'),
  };
}

/**
 * A thread that runs when the signal comes goes on until the kernel sees to it, on a busy machine for long enough to
 * answer a request. Where there is no /proc nobody waits.
 */
function awaitFrozen(pid: number): void {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 2_000 && isRunning(pid); i++) Atomics.wait(nap, 0, 0, 1);
}

function isRunning(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    // `pid (name) state ...`; T: stopped.
    return threads.some((thread) => !/^.*\) T /s.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
  } catch {
    return false;
  }
}

interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves to how it ended, in words. */
  readonly exited: Promise<string>;
}

async function launch(spec: ComponentSpec, keeper: Keeper): Promise<Running> {
  const log = openSync(spec.logFile, 'a');
  try {
    // A process group of its own: Ctrl-C in a terminal must reach us alone, and we end the whole group.
    const child = spawn(spec.program, spec.flags, { detached: true, stdio: ['ignore', log, log] });
    const { pid } = child;
    // The keeper learns of it in the same turn of the event loop, so that nothing of ours can fail in between.
    if (pid === undefined) throw new Error(`${spec.name} could not be started.`, { cause: await failure(child) });
    keeper.guard(pid);
    child.unref();
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        keeper.release(pid);
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
    return { pid, child, exited };
  } finally {
    closeSync(log);
  }
}

function failure(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => {
    child.once('error', resolve);
  });
}

async function becomeReady(spec: ComponentSpec, running: Running): Promise<void> {
  let ended: string | undefined;
  void running.exited.then((how) => {
    ended = how;
  });
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    const ready = await spec.isReady().catch(() => false);
    if (ended !== undefined) throw notReady(spec, `ended with ${ended} before it was ready`);
    if (ready) return;
    if (performance.now() > deadline) throw notReady(spec, `was not ready after ${START_LIMIT_MS / 1000} s`);
    await delay(READY_POLL_MS);
  }
}

function notReady(spec: ComponentSpec, what: string): Error {
  const lines = readFileSync(spec.logFile, 'utf8').trimEnd().split('\n').slice(-15);
  return new Error(`${spec.name} ${what}. The end of its log:\n${lines.join('\n')}`);
}

/** Waits for the exit, and keeps the event loop alive meanwhile (a running component does not). */
async function gone(running: Running): Promise<void> {
  running.child.ref();
  await running.exited;
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
