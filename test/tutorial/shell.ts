import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { eventually } from '../support/eventually.ts';

/** Commands in a terminal of their own. They end with the test, and what they started does. */
export interface Shell {
  /** What was printed so far, to standard output and standard error in one. */
  output(): string;
  /** Waits until the output contains the text. */
  says(text: string, limitMs: number): Promise<void>;
  /** Ctrl-C: every process of the terminal hears it. */
  interrupt(): void;
  /** All that was printed, once everything has ended. */
  end(): Promise<string>;
  /** Null after a signal. */
  readonly exitCode: Promise<number | null>;
}

/** Runs the commands one after the other, until one fails. */
export function startShell(
  t: TestContext,
  commands: string,
  { cwd, env }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Shell {
  // A test runner inside a test would report to the outer one; INIT_CWD is where somebody started npm test.
  const { NODE_TEST_CONTEXT: _context, INIT_CWD: _folder, ...own } = process.env;
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd,
    env: { ...own, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid ?? 0), name);
    } catch {
      // It has ended.
    }
  };
  t.after(() => signal('SIGKILL'));
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  return {
    output: () => output,
    says: async (text, limitMs) => {
      const what = (): string => `"${text}" to be printed:\n${output}`;
      await eventually(what, () => output.includes(text) || child.exitCode !== null, limitMs);
      assert.ok(output.includes(text), `ended without ${what()}`);
    },
    interrupt: () => signal('SIGINT'),
    end: async () => {
      await exitCode;
      return output;
    },
    exitCode,
  };
}
