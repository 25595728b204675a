import { isDnsSubdomain } from '../kube/names.ts';
import { levelFromLoggingConfig } from '../process/log.ts';
import { readPort } from '../process/port.ts';
import { shownText } from '../process/shown.ts';
import { searchedDomain } from './controller-config.ts';

/** All that the webhook is told, checked. */
export interface WebhookConfig {
  /** The folder of tls.crt and tls.key. */
  readonly certificates: string;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly port: number;
  readonly probesPort: number;
  readonly metricsPort: number;
}

const PORT = 8443;
const PROBES_PORT = 8080;
const METRICS_PORT = 9092;
const CERTIFICATES = '/etc/watchbridge/webhook';

/**
 * Reads the environment that manifests/webhook.yaml gives the webhook. All problems are told, not only the first.
 *
 * @param resolvConf the text of /etc/resolv.conf; empty where there is none
 */
export function readWebhookConfig(
  env: Readonly<Record<string, string | undefined>>,
  resolvConf: string,
): { readonly config: WebhookConfig } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const clusterDomain = env['CLUSTER_DOMAIN'] || searchedDomain(resolvConf);
  if (!isDnsSubdomain(clusterDomain)) {
    problems.push(`CLUSTER_DOMAIN must be a domain, such as cluster.local: found ${shownText(clusterDomain)}.`);
  }
  const port = readPort(env, 'WATCHBRIDGE_WEBHOOK_PORT', PORT, problems);
  const probesPort = readPort(env, 'WATCHBRIDGE_PROBES_PORT', PROBES_PORT, problems);
  const metricsPort = readPort(env, 'WATCHBRIDGE_METRICS_PORT', METRICS_PORT, problems);
  if (problems.length > 0) return { problems };
  return {
    config: {
      certificates: env['WATCHBRIDGE_WEBHOOK_CERTIFICATES'] || CERTIFICATES,
      clusterDomain,
      logLevel: levelFromLoggingConfig(env['K_LOGGING_CONFIG'], 'webhook'),
      port,
      probesPort,
      metricsPort,
    },
  };
}
