import type { KubeClient } from '../kube/client.ts';
import { takeTurns } from '../kube/take-turns.ts';
import { EXIT, type ExitCode } from '../process/exit.ts';
import type { Log } from '../process/log.ts';
import { createReadinessBoard, type ReadinessBoard } from '../process/readiness-board.ts';
import { createControllerMetrics } from '../reconcile/metrics.ts';
import { noticeCounter } from '../reconcile/notice-metrics.ts';
import type { ReadEnv } from './adapter.ts';
import { createInformerCache } from './cache.ts';
import { type ControllerSettings, readControllerSettings } from './controller-settings.ts';
import { cannotRun } from './cannot-run.ts';
import { createEnvReader } from './env-reader.ts';
import type { ProgramIo } from './program.ts';
import type { Reconciler } from './define-reconciler.ts';
import type { ReconcilerIo } from './reconciler.ts';
import { serveProbes } from '../process/serve-probes.ts';
import { tellTurn } from './tell-turn.ts';

export interface ControllerOptions {
  /**
   * Of several replicas one reconciles at a time, by a Lease named like the component in SYSTEM_NAMESPACE, which the
   * ServiceAccount must be allowed to get, create, update and patch. The argument `--disable-ha` turns it off. Default: true.
   */
  readonly leaderElection?: boolean;
}

/** What the author of a controller gives. */
export interface ControllerProgram<Env> {
  readonly component: string;
  readonly readEnv: ReadEnv<Env>;
  readonly reconcilers: (env: Env) => readonly Reconciler[];
  readonly options: ControllerOptions;
}

/** Runs reconcilers until `signal` is aborted. */
export async function runControllerProgram<Env>(
  { component, readEnv, reconcilers, options }: ControllerProgram<Env>,
  io: ProgramIo,
  signal: AbortSignal,
): Promise<ExitCode> {
  const problems: string[] = [];
  const settings = readControllerSettings(component, io.env, problems);
  const env = readEnv(createEnvReader(io.env, problems));
  if (options.leaderElection !== false && settings.systemNamespace === undefined) {
    problems.push('SYSTEM_NAMESPACE is not set; it must be the namespace that the Lease is kept in.');
  }
  if (problems.length > 0) {
    for (const problem of problems) io.complain(problem);
    return EXIT.usage;
  }
  const log = io.openLog(settings.component, settings.logLevel);
  try {
    await using clients = new AsyncDisposableStack();
    const opened = await io.openKube(`${settings.component} (watchbridge SDK)`);
    const kube = clients.adopt(opened, (client) => client.close());
    await serveAndReconcile(reconcilers(env), { ...io, kube, log, settings, options }, signal);
    return EXIT.ok;
  } catch (error) {
    log.fatal({ ...cannotRun(error) }, 'process cannot run');
    return EXIT.failed;
  }
}

interface ServeIo extends ProgramIo {
  readonly kube: KubeClient;
  readonly log: Log;
  readonly settings: ControllerSettings;
  readonly options: ControllerOptions;
}

async function serveAndReconcile(reconcilers: readonly Reconciler[], io: ServeIo, signal: AbortSignal): Promise<void> {
  const { kube, clock, log, settings, options, identity } = io;
  const { component, systemNamespace: namespace = '', clusterDomain } = settings;
  const metrics = createControllerMetrics();
  const countNotice = noticeCounter(metrics.registry);
  const board = createReadinessBoard();
  // Before the probes are served: without a part it would be ready.
  board.set('controller', 'starting', false);
  await using served = await serveProbes(settings, { board, registry: metrics.registry }, signal);
  const { probesPort, metricsPort } = served;
  log.info({ probesPort, metricsPort, server: kube.server }, 'controller process started');

  const work = async (turn: AbortSignal): Promise<void> => {
    const cache = createInformerCache({ kube, clock, log, metrics });
    board.set('controller', 'running', true);
    await runAll(reconcilers, { kube, clock, log, metrics, countNotice, clusterDomain, cache }, board, turn);
  };
  if (options.leaderElection === false) {
    await work(signal);
    return;
  }
  const lease = { kube, clock, identity, address: { namespace, name: component }, owner: undefined };
  await takeTurns(lease, { work, tell: (news) => tellTurn(news, board, log) }, signal);
}

/** Where one ends by a bug, all end, and the error is thrown. */
async function runAll(
  reconcilers: readonly Reconciler[],
  io: Omit<ReconcilerIo, 'started'>,
  board: ReadinessBoard,
  signal: AbortSignal,
): Promise<void> {
  const bug = new AbortController();
  const ending = AbortSignal.any([signal, bug.signal]);
  io.cache.start(ending);
  const running = reconcilers.map(async ({ name, run }) => {
    board.set(name, 'reading what there is', false);
    try {
      await run({ ...io, started: () => board.set(name, 'running', true) }, ending);
    } finally {
      bug.abort();
    }
  });
  await Promise.allSettled(running);
  await Promise.all(running);
}
