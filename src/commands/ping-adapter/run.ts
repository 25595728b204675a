import { Registry } from 'prom-client';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../process/clock.ts';
import type { Log } from '../../process/log.ts';
import { createReadinessBoard } from '../../process/readiness-board.ts';
import { serveProbes } from '../../process/serve-probes.ts';
import { startInformer } from '../../reconcile/informer.ts';
import { createControllerMetrics } from '../../reconcile/metrics.ts';
import { createPingMetrics } from '../../sources/ping/adapter/metrics.ts';
import { createPingAdapter } from '../../sources/ping/adapter/run.ts';
import { firingPart } from '../../sources/ping/firing-part.ts';
import { PING_SOURCES } from '../../sources/ping/resources.ts';
import type { PingSource } from '../../sources/ping/spec.ts';
import type { PingConfig } from './config.ts';

interface PingProcessIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** What tells this process from every other one that may hold the adapter's Lease. */
  readonly identity: string;
}

/** In the system namespace; rbac/pingsource.yaml lets it be written there. */
const LEASE = 'watchbridge-ping-adapter';

/**
 * Runs the adapter of all PingSources until `signal` is aborted. It is ready when it knows the sources, also while
 * another replica fires.
 * @throws ListenError when a port is taken
 */
export async function runPingAdapter(
  { namespace, sinkTimeoutMs, ...ports }: PingConfig,
  { kube, clock, log, identity }: PingProcessIo,
  signal: AbortSignal,
): Promise<void> {
  const informerMetrics = createControllerMetrics();
  const stop = new AbortController();
  const board = createReadinessBoard();
  const { plural } = PING_SOURCES;
  board.set(plural, 'starting', false);
  try {
    const sources = startInformer<PingSource>(
      { resource: PING_SOURCES, carries: 'objects', keep: firingPart },
      { kube, clock, log, metrics: informerMetrics },
      stop.signal,
    );
    void sources.synced.then(() => board.set(plural, 'known', true));
    const lease = { namespace, name: LEASE };
    const adapter = createPingAdapter({ kube, clock, log, identity, sources, lease, sinkTimeoutMs });
    const metrics = createPingMetrics(adapter.gauges);
    const registry = Registry.merge([metrics.registry, informerMetrics.registry]);
    await using served = await serveProbes(ports, { board, registry }, signal);
    const { probesPort, metricsPort } = served;
    log.info({ probesPort, metricsPort, server: kube.server }, 'ping adapter started');
    await adapter.run(metrics, signal);
  } finally {
    stop.abort();
  }
}
