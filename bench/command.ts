import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RoundFailed } from './children.ts';

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs a benchmark as a command: help, wrong arguments (exit code 2), a process that died or events that were lost (1),
 * a temporary directory that is removed at the end, and an end by signals that cleans up. What a benchmark started ends
 * with it, see children.ts and tether.js.
 */
export async function runCommand<Options extends { readonly help: boolean }>(command: {
  readonly usage: string;
  readonly parse: (args: readonly string[]) => Options;
  readonly run: (options: Options, directory: string) => Promise<void>;
}): Promise<void> {
  // Not once: a second signal, as terminals and timeout(1) send it, would end us in the middle of cleaning up.
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  let options: Options;
  try {
    options = command.parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${command.usage}`);
    process.exitCode = 2;
    return;
  }
  if (options.help) {
    print(command.usage);
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'watchbridge-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  try {
    await command.run(options, directory);
  } catch (error) {
    if (!(error instanceof RoundFailed)) throw error;
    print(`\n${error.message}\n${error.lastLines.trimEnd()}`);
    process.exitCode = 1;
  }
}
