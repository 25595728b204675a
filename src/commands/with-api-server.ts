import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createKubeClient, type KubeClient } from '../kube/client.ts';
import { loadClusterAccess } from '../kube/config.ts';
import { KubeError } from '../kube/errors.ts';
import { EXIT, type ExitCode } from '../process/exit.ts';
import type { Log } from '../process/log.ts';
import { ListenError } from '../process/serve.ts';
import { VERSION } from '../process/version.ts';
import type { ClusterFlags } from './cluster-flags.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Runs what serves until it is told to stop, with a client that is closed afterwards. What keeps it from running, a
 * cluster that is not found or a port that is taken, is one line of the log and exit code 1; anything else is a bug.
 *
 * @param as `watchbridge AS`, which the API server's audit log has as `watchbridge-AS`
 */
export async function withApiServer(
  as: string,
  io: { readonly env: Env; readonly flags: ClusterFlags; readonly log: Log },
  run: (kube: KubeClient) => Promise<unknown>,
): Promise<ExitCode> {
  const { env, flags, log } = io;
  try {
    const access = await loadClusterAccess({ env, ...flags });
    const kube = createKubeClient(access, { userAgent: `watchbridge-${as}/${VERSION}` });
    try {
      await run(kube);
      return EXIT.ok;
    } finally {
      await kube.close();
    }
  } catch (error) {
    if (!(error instanceof KubeError) && !(error instanceof ListenError)) throw error;
    log.fatal({ detail: error.message }, 'process cannot run');
    return EXIT.failed;
  }
}

/** Differs between two replicas, and between two lives of one. */
export function ownIdentity(env: Env): string {
  return `${env['POD_NAME'] ?? hostname()}_${randomUUID()}`;
}

/** Tells every problem of a configuration, for people. */
export function refuseConfig(problems: readonly string[]): ExitCode {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return EXIT.usage;
}
