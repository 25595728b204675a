import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import { createReadinessBoard } from '../process/readiness-board.ts';
import { serveProbes } from '../process/serve-probes.ts';
import { createControllerMetrics } from '../reconcile/metrics.ts';
import type { KeyPair } from '../sources/sinkbinding/webhook/certificates.ts';
import { createWebhookMetrics } from '../sources/sinkbinding/webhook/metrics.ts';
import { createReviewer } from '../sources/sinkbinding/webhook/reviewer.ts';
import { reviewHandler } from '../sources/sinkbinding/webhook/serve-reviews.ts';
import { serveTls } from '../sources/sinkbinding/webhook/serve-tls.ts';
import type { WebhookConfig } from './webhook-config.ts';

interface WebhookProcessIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The certificate as it is now; rejects where there is none yet. */
  readonly readCertificate: () => Promise<KeyPair>;
}

/** Until API servers and their proxies have heard that this Pod is not ready any more. */
const DRAIN_MS = 5_000;

/**
 * Runs the webhook until `signal` is aborted, and a little longer: who asks meanwhile is answered. It is ready when it
 * has a certificate and knows every binding.
 * @throws ListenError when a port is taken
 */
export async function runWebhook(
  { port, clusterDomain, ...ports }: WebhookConfig,
  { kube, clock, log, readCertificate }: WebhookProcessIo,
  signal: AbortSignal,
): Promise<void> {
  const metrics = createControllerMetrics();
  const standing = createReadinessBoard();
  standing.set('bindings', 'reading what there is', false);
  standing.set('certificate', 'waiting for it', false);
  const drained = new AbortController();
  await using servers = new AsyncDisposableStack();
  try {
    const probes = { board: standing, registry: metrics.registry };
    const { probesPort, metricsPort } = servers.use(await serveProbes(ports, probes, signal));
    const reviewer = createReviewer({ kube, clock, log, metrics, clusterDomain }, drained.signal);
    void reviewer.synced.then(() => standing.set('bindings', 'known', true));
    const handler = reviewHandler(reviewer, { clock, log, metrics: createWebhookMetrics(metrics.registry) });
    const tls = await serveTls({ port, handler }, { clock, log, read: readCertificate }, signal);
    if (tls === undefined) return;
    servers.adopt(tls, (server) => server.close());
    standing.set('certificate', 'there', true);
    log.info({ probesPort, metricsPort, port: tls.port, server: kube.server }, 'webhook process started');
    await aborted(signal);
    await clock.sleep(DRAIN_MS, new AbortController().signal);
  } finally {
    drained.abort();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
