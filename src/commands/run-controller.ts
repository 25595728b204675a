import type { KubeClient } from '../kube/client.ts';
import { takeTurns } from '../kube/take-turns.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import { serveProbes } from '../process/serve-probes.ts';
import { createControllerMetrics } from '../reconcile/metrics.ts';
import { noticeCounter } from '../reconcile/notice-metrics.ts';
import { tellTurn } from '../sdk/tell-turn.ts';
import type { ControllerConfig } from './controller-config.ts';
import { KINDS } from './controller-kinds.ts';
import { createReadinessBoard } from '../process/readiness-board.ts';
import { runKinds } from './run-kinds.ts';

interface ControllerProcessIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** What tells this process from every other one that may hold the controller's Lease. */
  readonly identity: string;
}

/** Beside the controller, in its own namespace; rbac/controller.yaml lets it be written there. */
const LEASE = 'watchbridge-controller';

/**
 * Runs the controller until `signal` is aborted: serves probes and metrics, waits for its turn, and takes care of the
 * sources of all kinds while it has it.
 * @throws ListenError when a port is taken
 */
export async function runController(
  { installation, clusterDomain, ...ports }: ControllerConfig,
  { kube, clock, log, identity }: ControllerProcessIo,
  signal: AbortSignal,
): Promise<void> {
  const metrics = createControllerMetrics();
  const countNotice = noticeCounter(metrics.registry);
  const standing = createReadinessBoard();
  // Before the probes are served: without a part it would be ready.
  standing.set('lease', 'starting', false);
  const sources = { apiServer: kube.server, ...installation };
  const io = { kube, clock, log, metrics, countNotice, clusterDomain, installation: sources };
  const lease = { namespace: installation.systemNamespace, name: LEASE };
  await using served = await serveProbes(ports, { board: standing, registry: metrics.registry }, signal);
  const { probesPort, metricsPort } = served;
  log.info({ probesPort, metricsPort, server: kube.server, image: installation.image }, 'controller process started');
  await takeTurns(
    { kube, clock, identity, address: lease, owner: undefined },
    {
      tell: (news) => tellTurn(news, standing, log),
      work: (turn) => runKinds(KINDS, io, standing, turn),
    },
    signal,
  );
}
