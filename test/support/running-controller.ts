import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/process/clock.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import type { SourcesIo } from '../../src/sources/apiserver/controller.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { INSTALLATION } from '../sources/apiserver/sources.ts';
import { accountClient, clientOf, telling } from './account-client.ts';
import type { Cluster } from './cluster.ts';

/** A controller in this process, or several that share their client. */
export interface RunningController {
  readonly kube: KubeClient;
  /** What it asked, but for lists and watches: `PATCH /api/v1/...`. */
  readonly requests: readonly string[];
  /** What it logged. */
  readonly entries: readonly unknown[];
  /** How many reconciles there were, whatever came of them. */
  reconciles(): Promise<number>;
  stop(): Promise<void>;
}

export interface ControllerOptions {
  /** What the controller has in place of the client. */
  readonly wrap?: (kube: KubeClient) => KubeClient;
  /** Default: that of the controller's ServiceAccount. */
  readonly kubeconfig?: string;
  readonly systemNamespace?: string;
}

/** Runs it with the rights of its ServiceAccount. */
export async function runController(
  cluster: Cluster,
  run: (io: SourcesIo, signal: AbortSignal) => Promise<unknown>,
  options: ControllerOptions = {},
): Promise<RunningController> {
  const client = await (options.kubeconfig === undefined
    ? accountClient(cluster, 'watchbridge-controller')
    : clientOf(options.kubeconfig));
  const requests: string[] = [];
  const kube = telling(options.wrap?.(client) ?? client, ({ method = 'GET', path }) =>
    requests.push(`${method} ${path}`),
  );
  const stopping = new AbortController();
  const metrics = createControllerMetrics();
  const { log, entries } = recordedLog();
  const { systemNamespace = INSTALLATION.systemNamespace } = options;
  const running = run(
    {
      kube,
      clock: systemClock,
      log,
      metrics,
      countNotice: () => undefined,
      installation: { ...INSTALLATION, systemNamespace },
      clusterDomain: 'cluster.local',
    },
    stopping.signal,
  );
  return {
    kube,
    requests,
    entries,
    reconciles: async () => {
      const text = await metrics.registry.getSingleMetricAsString('watchbridge_controller_reconciles_total');
      return [...text.matchAll(/\} (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    stop: async () => {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await running;
      await client.close();
    },
  };
}
