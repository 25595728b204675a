import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Keeper, startKeeper } from '../controlplane/keeper.ts';
import { eventually } from './eventually.ts';
import type { Scope } from './scope.ts';

/** What the adapter is told, as upstream's controller tells it. */
export interface AdapterOptions {
  readonly kubeconfig: string;
  /** The URL of the sink. */
  readonly sink: string;
  /** K_SOURCE_CONFIG; what is not said is as in {@link SOURCE}. */
  readonly source: Readonly<Record<string, unknown>>;
  /** Of the ApiServerSource. Default: `default`. */
  readonly namespace?: string;
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The adapter as a process of its own. */
export interface AdapterProcess {
  readonly pid: number;
  /** The lines of its log so far. */
  readonly log: readonly LogLine[];
  /** The lines with this message. */
  logged(message: string): LogLine[];
  /** All it wrote to standard error so far. */
  stderr(): string;
  readiness(): Promise<{ readonly status: number; readonly text: string }>;
  /** Resolves when it says that it is ready. */
  ready(): Promise<void>;
  /** The value of a series, written as in the exposition format: `name{label="value"}`; undefined where there is none. */
  metric(series: string): Promise<number | undefined>;
  /** The whole page of metrics. */
  metrics(): Promise<string>;
  readonly ended: Promise<Ending>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<Ending>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<Ending>;
  terminate(): void;
  /** SIGSTOP: it does nothing, and its connections stay open. */
  pause(): void;
  continue(): void;
}

/** The exit code, or the signal that ended it. */
export type Ending = number | NodeJS.Signals;

export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const SOURCE = { namespaces: ['default'], allNamespaces: false, mode: 'Resource' };

/** A resource as K_SOURCE_CONFIG names it. */
export function resource(group: string, version: string, plural: string, selector?: string): object {
  const gvr = { Group: group, Version: version, Resource: plural };
  return selector === undefined ? { gvr } : { gvr, selector };
}

/** Starts the adapter and resolves when it runs, which is before it is ready. It ends with the test at the latest. */
export async function startAdapter(t: Scope, options: AdapterOptions): Promise<AdapterProcess> {
  const adapter = await launchAdapter(t, environment(options));
  let ending: Ending | undefined;
  void adapter.ended.then((it) => {
    ending = it;
  });
  await eventually('the adapter to start', () => {
    if (ending !== undefined) throw new Error(`The adapter ended (${ending}) before it ran. ${adapter.stderr()}`);
    return adapter.logged('adapter started').length > 0;
  });
  return adapter;
}

/** The environment of a container that upstream's controller makes, and free ports. */
export function environment(options: AdapterOptions): Record<string, string> {
  return {
    NAME: 'source',
    NAMESPACE: options.namespace ?? 'default',
    K_SINK: options.sink,
    K_SOURCE_CONFIG: JSON.stringify({ ...SOURCE, ...options.source }),
    K_LOGGING_CONFIG: JSON.stringify({ 'zap-logger-config': JSON.stringify({ level: 'info' }) }),
    K_OBSERVABILITY_CONFIG: '{}',
    SYSTEM_NAMESPACE: 'knative-eventing',
    METRICS_DOMAIN: 'knative.dev/eventing',
    KUBECONFIG: options.kubeconfig,
    WATCHBRIDGE_PROBES_PORT: '0',
    WATCHBRIDGE_METRICS_PORT: '0',
    ...options.env,
  };
}

let keeper: Promise<Keeper> | undefined;

/** Starts the adapter with nothing but this environment; it may end at once. */
export async function launchAdapter(t: Scope, env: Readonly<Record<string, string>>): Promise<AdapterProcess> {
  // Ends it even where this process dies before the test's own end.
  keeper ??= startKeeper();
  const guard = await keeper;
  const child = spawn(process.execPath, [MAIN, 'adapter'], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The adapter could not be started.');
  guard.guard(pid);
  const { log, stderr } = listenTo(child);
  const ended = new Promise<Ending>((resolve) => {
    child.once('close', (code, signal) => {
      guard.release(pid);
      resolve(signal ?? code ?? 0);
    });
  });
  const adapter = handle(child, pid, ended, log, stderr);
  t.after(async () => {
    await adapter.kill();
    // Node.js has it, and its type declarations do not yet.
    if ((t as { passed?: boolean }).passed) return;
    for (const line of log.slice(-40)) t.diagnostic(JSON.stringify(line));
    if (stderr() !== '') t.diagnostic(stderr());
  });
  return adapter;
}

function listenTo(child: ChildProcess): { log: LogLine[]; stderr: () => string } {
  const log: LogLine[] = [];
  let stderr = '';
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => log.push(JSON.parse(line) as LogLine));
  }
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return { log, stderr: () => stderr };
}

function handle(
  child: ChildProcess,
  pid: number,
  ended: Promise<Ending>,
  log: readonly LogLine[],
  stderr: () => string,
): AdapterProcess {
  const logged = (message: string): LogLine[] => log.filter((line) => line.msg === message);
  const get = async (port: 'probesPort' | 'metricsPort', path: string): Promise<{ status: number; text: string }> => {
    const number = logged('adapter started')[0]?.[port];
    const response = await fetch(`http://127.0.0.1:${String(number)}${path}`);
    return { status: response.status, text: await response.text() };
  };
  const readiness = (): Promise<{ status: number; text: string }> => get('probesPort', '/readiness');
  const metrics = async (): Promise<string> => (await get('metricsPort', '/metrics')).text;
  const end = async (signal: NodeJS.Signals): Promise<Ending> => {
    child.kill(signal);
    return await ended;
  };
  return {
    pid,
    log,
    logged,
    stderr,
    readiness,
    ready: async () => {
      let last = '';
      await eventually(
        () => `the adapter to be ready; it says: ${last}`,
        async () => {
          const { status, text } = await readiness();
          last = text;
          return status === 200;
        },
      );
    },
    metrics,
    metric: async (series) => {
      const line = (await metrics()).split('\n').find((it) => it.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
    ended,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    terminate: () => child.kill('SIGTERM'),
    pause: () => child.kill('SIGSTOP'),
    continue: () => child.kill('SIGCONT'),
  };
}
