import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../process/clock.ts';
import type { ExitCode } from '../process/exit.ts';
import { createLog } from '../process/log.ts';
import { readClusterFlags } from './cluster-flags.ts';
import { runWebhook } from './run-webhook.ts';
import { readWebhookConfig } from './webhook-config.ts';
import { refuseConfig, withApiServer } from './with-api-server.ts';

const HELP = `Usage: watchbridge webhook [--kubeconfig FILE] [--context NAME]

Tells new objects the sink that a SinkBinding binds them to, Jobs above all: the
API server asks it before they are stored. The controller makes its certificates
and tells the API server what to ask about. It is configured by the environment:
WATCHBRIDGE_WEBHOOK_PORT (8443), WATCHBRIDGE_WEBHOOK_CERTIFICATES (the folder of
tls.crt and tls.key, /etc/watchbridge/webhook), CLUSTER_DOMAIN, K_LOGGING_CONFIG,
WATCHBRIDGE_PROBES_PORT (8080) and WATCHBRIDGE_METRICS_PORT (9092).

  --kubeconfig FILE  where to find the API server (default: KUBECONFIG,
                     ~/.kube/config, the Pod's ServiceAccount)
  --context NAME     a context of the kubeconfig
  -h, --help         print this
`;

/** `watchbridge webhook`. */
export async function webhook(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const flags = readClusterFlags('webhook', argv, HELP);
  if (typeof flags === 'number') return flags;
  const configured = readWebhookConfig(env, await readFile('/etc/resolv.conf', 'utf8').catch(() => ''));
  if ('problems' in configured) {
    return refuseConfig(configured.problems);
  }
  const { config } = configured;
  const log = createLog({ component: 'webhook', level: config.logLevel });
  const text = async (name: string): Promise<string> => await readFile(join(config.certificates, name), 'utf8');
  const readCertificate = async () => ({ cert: await text('tls.crt'), key: await text('tls.key') });
  return await withApiServer('webhook', { env, flags, log }, async (kube) => {
    await runWebhook(config, { kube, clock: systemClock, log, readCertificate }, signal);
  });
}
