import { Registry } from 'prom-client';
import { createDeliveryMetrics, type DeliveryGauges } from '../delivery/metrics.ts';
import type { KubeClient } from '../kube/client.ts';
import type { LeadershipOptions } from '../kube/leadership.ts';
import { takeTurns } from '../kube/take-turns.ts';
import { EXIT, type ExitCode } from '../process/exit.ts';
import type { Log } from '../process/log.ts';
import { createReadinessBoard } from '../process/readiness-board.ts';
import type { AdapterOptions, NewAdapter, ReadEnv } from './adapter.ts';
import { type AdapterSettings, readAdapterSettings } from './adapter-settings.ts';
import { runTurn, type TurnProgram } from './adapter-turn.ts';
import { cannotRun } from './cannot-run.ts';
import { createEnvReader } from './env-reader.ts';
import type { ProgramIo } from './program.ts';
import { serveProbes } from '../process/serve-probes.ts';
import { tellTurn } from './tell-turn.ts';

/** What the author of an adapter gives. */
export interface AdapterProgram<Env> {
  readonly component: string;
  readonly readEnv: ReadEnv<Env>;
  readonly newAdapter: NewAdapter<Env>;
  readonly options: AdapterOptions;
}

const NOTHING_QUEUED: DeliveryGauges = { inFlight: 0, queued: 0, queuedBytes: 0 };

/** Runs an adapter until it has done its work, or `signal` is aborted and what it sent is delivered. */
export async function runAdapterProgram<Env>(
  program: AdapterProgram<Env>,
  io: ProgramIo,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { newAdapter, options } = program;
  const read = readAll(program, io.env);
  if ('problems' in read) {
    for (const problem of read.problems) io.complain(problem);
    return EXIT.usage;
  }
  const { settings, env, warnings } = read;
  const log = io.openLog(settings.component, settings.logLevel);
  for (const warning of warnings) log.warn({ detail: warning }, 'configuration');
  await using clients = new AsyncDisposableStack();
  const kube = async (): Promise<KubeClient> =>
    clients.adopt(await io.openKube(`${settings.component} (watchbridge SDK)`), (client) => client.close());
  try {
    return await serveAndRun({ settings, env, newAdapter, options }, { ...io, log, kube }, signal);
  } catch (error) {
    log.fatal({ ...cannotRun(error) }, 'process cannot run');
    return EXIT.failed;
  }
}

type Read<Env> =
  | { readonly settings: AdapterSettings; readonly env: Env; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] };

function readAll<Env>({ component, readEnv, options }: AdapterProgram<Env>, given: ProgramIo['env']): Read<Env> {
  const problems: string[] = [];
  const warnings: string[] = [];
  const settings = readAdapterSettings(component, given, problems, warnings);
  const env = readEnv(createEnvReader(given, problems));
  if (options.leaderElection === true && settings?.namespace === undefined) {
    problems.push('NAMESPACE is not set; it must be the namespace that the Lease is kept in.');
  }
  return settings === undefined || problems.length > 0 ? { problems } : { settings, env, warnings };
}

async function serveAndRun<Env>(
  program: TurnProgram<Env>,
  io: ProgramIo & { readonly log: Log; readonly kube: () => Promise<KubeClient> },
  signal: AbortSignal,
): Promise<ExitCode> {
  const { settings, options } = program;
  const { log } = io;
  const board = createReadinessBoard();
  const registry = new Registry();
  let queue = (): DeliveryGauges => NOTHING_QUEUED;
  const metrics = createDeliveryMetrics(registry, () => queue());
  // Before the probes are served: without a part it would be ready.
  board.set('adapter', 'starting', false);
  await using served = await serveProbes(settings, { board, registry }, signal);
  const { probesPort, metricsPort } = served;
  log.info({ probesPort, metricsPort, sink: settings.sink.origin }, 'adapter started');

  const turnIo = { ...io, board, registry, metrics, queue: (gauges: typeof queue) => (queue = gauges) };
  const finished = new AbortController();
  const ending = AbortSignal.any([signal, finished.signal]);
  let undelivered = 0;
  const work = async (turn: AbortSignal): Promise<void> => {
    undelivered = await runTurn(program, turnIo, { turn, stop: ending });
    if (!turn.aborted) finished.abort();
    // Whoever leads now reads it again.
    else if (!ending.aborted) undelivered = 0;
  };
  if (options.leaderElection === true) {
    const lease = leaseOf(settings, await io.kube(), io);
    await takeTurns(lease, { work, tell: (news) => tellTurn(news, board, log) }, ending);
  } else {
    await work(ending);
  }
  return undelivered > 0 ? EXIT.failed : EXIT.ok;
}

function leaseOf(
  { component, name, namespace = '' }: AdapterSettings,
  kube: KubeClient,
  { clock, identity }: ProgramIo,
): LeadershipOptions {
  return { kube, clock, identity, address: { namespace, name: `${component}-${name}` }, owner: undefined };
}
