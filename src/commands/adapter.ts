import { readAdapterConfig } from '../adapter/config.ts';
import { runAdapter } from '../adapter/run.ts';
import { loadCel, mayHaveCel } from '../events/cel/load-cel.ts';
import { systemClock } from '../process/clock.ts';
import type { ExitCode } from '../process/exit.ts';
import { createLog } from '../process/log.ts';
import { readClusterFlags } from './cluster-flags.ts';
import { ownIdentity, refuseConfig, withApiServer } from './with-api-server.ts';

const HELP = `Usage: watchbridge adapter [--kubeconfig FILE] [--context NAME]

The receive adapter of one ApiServerSource: watches the API server and sends
CloudEvents to K_SINK. It is configured by the environment that the controller
(Knative's or ours) gives it: NAME, NAMESPACE, K_SOURCE_CONFIG, K_SINK, and
optionally K_SINK_TIMEOUT, K_CE_OVERRIDES, K_CA_CERTS, K_LOGGING_CONFIG,
WATCHBRIDGE_PROBES_PORT (8080) and WATCHBRIDGE_METRICS_PORT (9092).

  --kubeconfig FILE  where to find the API server (default: KUBECONFIG,
                     ~/.kube/config, the Pod's ServiceAccount)
  --context NAME     a context of the kubeconfig
  -h, --help         print this
`;

/** `watchbridge adapter`. */
export async function adapter(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const flags = readClusterFlags('adapter', argv, HELP);
  if (typeof flags === 'number') return flags;
  if (mayHaveCel(env['K_SOURCE_CONFIG'])) await loadCel();
  const read = readAdapterConfig(env);
  if ('problems' in read) {
    return refuseConfig(read.problems);
  }
  const log = createLog({ component: 'apiserversource', level: read.config.logLevel }).child({
    source: `${read.config.namespace}/${read.config.name}`,
  });
  for (const warning of read.warnings) log.warn({ detail: warning }, 'configuration');
  return await withApiServer('adapter', { env, flags, log }, async (kube) => {
    await runAdapter(read.config, { kube, clock: systemClock, log, identity: ownIdentity(env) }, signal);
  });
}
