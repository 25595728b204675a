import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Keeper, startKeeper } from '../controlplane/keeper.ts';
import type { Ending, LogLine } from './adapter-process.ts';
import { eventually } from './eventually.ts';
import type { Scope } from './scope.ts';

/** The controller as a process of its own. */
export interface ControllerProcess {
  readonly pid: number;
  /** The lines of its log so far. */
  readonly log: readonly LogLine[];
  /** The lines with this message. */
  logged(message: string): LogLine[];
  /** All it wrote to standard error so far. */
  stderr(): string;
  readiness(): Promise<{ readonly status: number; readonly text: string }>;
  /** Resolves when `/readiness` answers 200 with this in its text. */
  ready(containing: string): Promise<void>;
  /** The page of metrics. */
  metrics(): Promise<string>;
  readonly ended: Promise<Ending>;
  /** Sends a signal; resolves when it has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ending>;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What manifests/controller.yaml says, with free ports. */
export const CONTROLLER_ENV = {
  APISERVER_RA_IMAGE: 'watchbridge:test',
  SYSTEM_NAMESPACE: 'watchbridge-system',
  K_LOGGING_CONFIG: '{"loglevel.controller":"info"}',
  WATCHBRIDGE_PROBES_PORT: '0',
  WATCHBRIDGE_METRICS_PORT: '0',
};

let keeper: Promise<Keeper> | undefined;

/** Starts `watchbridge controller` with nothing but this environment. It ends with the test at the latest. */
export async function startController(
  t: Scope,
  env: Readonly<Record<string, string>>,
  program: { readonly main: string; readonly nodeFlags: readonly string[] } = { main: MAIN, nodeFlags: [] },
): Promise<ControllerProcess> {
  // Ends it even where this process dies before the test's own end.
  keeper ??= startKeeper();
  const guard = await keeper;
  const child = spawn(process.execPath, [...program.nodeFlags, program.main, 'controller'], {
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The controller could not be started.');
  guard.guard(pid);
  const log: LogLine[] = [];
  let stderr = '';
  createInterface({ input: child.stdout }).on('line', (line) => log.push(JSON.parse(line) as LogLine));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ending>((resolve) => {
    child.once('close', (code, signal) => {
      guard.release(pid);
      resolve(signal ?? code ?? 0);
    });
  });
  const logged = (message: string): LogLine[] => log.filter((line) => line.msg === message);
  const get = async (port: 'probesPort' | 'metricsPort', path: string) => {
    const number = await eventually(
      () => `the controller to listen: ${stderr}`,
      () => logged('controller process started')[0]?.[port],
    );
    const response = await fetch(`http://127.0.0.1:${String(number)}${path}`);
    return { status: response.status, text: await response.text() };
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<Ending> => {
    child.kill(signal);
    return await ended;
  };
  t.after(() => end('SIGKILL'));
  const readiness = () => get('probesPort', '/readiness');
  return {
    pid,
    log,
    logged,
    stderr: () => stderr,
    readiness,
    ready: async (containing) => {
      let last = '';
      await eventually(
        () => `readiness to say "${containing}"; it says: ${last} ${JSON.stringify(log.slice(-3))}`,
        async () => {
          const { status, text } = await readiness();
          last = text;
          return status === 200 && text.includes(containing);
        },
      );
    },
    metrics: async () => (await get('metricsPort', '/metrics')).text,
    ended,
    end,
  };
}
