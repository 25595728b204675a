import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Scope } from './scope.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of watchbridge as a process of its own. */
export interface Command {
  /** What it wrote to standard error so far. */
  stderr(): string;
  readonly ended: Promise<Ended>;
  /** SIGINT, as Ctrl-C sends it. */
  interrupt(): void;
}

/** Starts a command, which ends with the test at the latest. `input` is its standard input. */
export function startCommand(
  t: Scope,
  argv: readonly string[],
  { env = {}, input = '' }: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Command {
  const child = spawn(process.execPath, [MAIN, ...argv], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => void child.kill('SIGKILL'));
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  // A command that ends without reading is no failure.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return {
    stderr: () => texts.stderr,
    ended: new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, ...texts }));
    }),
    interrupt: () => void child.kill('SIGINT'),
  };
}
