import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.ts';

/** The demo as a process, with its output in a pipe. It ends with the test. */
export interface DemoRun {
  /** What it printed so far, to standard output and standard error in one. */
  output(): string;
  /** Waits until its output contains the text. */
  says(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** The processes that it started, and those that these started. */
  descendants(): Promise<readonly number[]>;
  /** Resolves to its exit code when it ended, null after a signal. */
  readonly exitCode: Promise<number | null>;
}

const MAIN = fileURLToPath(new URL('../../examples/demo/main.ts', import.meta.url));
/** A start of the control plane on a busy machine, and a bit. */
const LIMIT_MS = 60_000;

export function runDemo(
  t: TestContext,
  options: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): DemoRun {
  const child = spawn(process.execPath, [MAIN, ...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  return {
    output: () => output,
    says: async (text) => {
      const what = () => `the demo says "${text}". It said:\n${output}`;
      await eventually(what, () => output.includes(text), LIMIT_MS);
    },
    signal: (signal) => child.kill(signal),
    descendants: async () => descendantsOf(child.pid ?? 0, await processTable()),
    exitCode,
  };
}

/** Those of the processes that still run; the dead that nobody waited for do not. */
export async function running(pids: readonly number[]): Promise<readonly number[]> {
  const alive = new Set((await processTable()).filter(({ dead }) => !dead).map(({ pid }) => pid));
  return pids.filter((pid) => alive.has(pid));
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly dead: boolean;
}

async function processTable(): Promise<readonly Row[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent, state = ''] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), dead: state.startsWith('Z') };
    });
}

function descendantsOf(ancestor: number, table: readonly Row[]): readonly number[] {
  const children = table.filter(({ parent }) => parent === ancestor).map(({ pid }) => pid);
  return [...children, ...children.flatMap((pid) => descendantsOf(pid, table))];
}
