import { systemClock } from '../process/clock.ts';
import type { ExitCode } from '../process/exit.ts';
import { createLog } from '../process/log.ts';
import { readClusterFlags } from './cluster-flags.ts';
import { readPingConfig } from './ping-adapter/config.ts';
import { runPingAdapter } from './ping-adapter/run.ts';
import { ownIdentity, refuseConfig, withApiServer } from './with-api-server.ts';

const HELP = `Usage: watchbridge ping-adapter [--kubeconfig FILE] [--context NAME]

The one adapter of all PingSources of a cluster: sends their events when they
are due. The controller deploys it. It is configured by the environment:
SYSTEM_NAMESPACE (where its Lease is), and optionally POD_NAME, K_SINK_TIMEOUT,
K_LOGGING_CONFIG, WATCHBRIDGE_PROBES_PORT (8080) and WATCHBRIDGE_METRICS_PORT
(9092).

  --kubeconfig FILE  where to find the API server (default: KUBECONFIG,
                     ~/.kube/config, the Pod's ServiceAccount)
  --context NAME     a context of the kubeconfig
  -h, --help         print this
`;

/** `watchbridge ping-adapter`. */
export async function pingAdapter(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const flags = readClusterFlags('ping-adapter', argv, HELP);
  if (typeof flags === 'number') return flags;
  const read = readPingConfig(env);
  if ('problems' in read) {
    return refuseConfig(read.problems);
  }
  const log = createLog({ component: 'pingsource-mt-adapter', level: read.config.logLevel });
  return await withApiServer('ping-adapter', { env, flags, log }, async (kube) => {
    await runPingAdapter(read.config, { kube, clock: systemClock, log, identity: ownIdentity(env) }, signal);
  });
}
