import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import type { Clock } from '../process/clock.ts';
import { unlessAborted } from './abort.ts';
import type { ClusterAccess, Credentials } from './access.ts';
import { KubeError } from './errors.ts';
import { chooseContext, readKubeconfig } from './kubeconfig-files.ts';
import { printable } from './printable.ts';
import { createRotatedFile, parseToken } from './rotated-file.ts';

/**
 * The way in that kubeconfig files describe, with all that client-node understands: tokens, client certificates, exec
 * plugins, OIDC, proxies; and `tokenFile`, which it does not. Where files disagree the first one wins, as with kubectl.
 *
 * @throws KubeError `credentials`
 */
export async function kubeconfigAccess(options: {
  readonly files: readonly string[];
  /** Undefined: the current one of the first file that has one. */
  readonly context: string | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
}): Promise<ClusterAccess> {
  // Loading client-node takes some 50 MB of memory, which a Pod can do without; its index would load all of it.
  const { KubeConfig: Config } = await import('@kubernetes/client-node/dist/config.js');
  const parts = await Promise.all(options.files.map((file) => readKubeconfig(file, new Config())));
  const { cluster, user, tokenFile, namespace } = chooseContext(parts, options.context);
  requireSafe(cluster);

  const token = tokenFile === undefined ? undefined : createRotatedFile(tokenFile, parseToken, options.clock);
  let config = configOf(new Config(), cluster, user);
  let asking: Promise<Credentials> | undefined;

  async function ask(): Promise<Credentials> {
    const credentials = await credentialsOf(config, cluster, user);
    return token === undefined ? credentials : { ...credentials, authorization: `Bearer ${await token.read()}` };
  }

  return {
    server: cluster.server,
    namespace,
    credentials(signal) {
      asking ??= ask().finally(() => (asking = undefined));
      return unlessAborted(asking, signal);
    },
    refresh() {
      // A KubeConfig keeps what an exec plugin said until that expires, and has no way to drop it.
      config = configOf(new Config(), cluster, user);
      asking = undefined;
      token?.forget();
    },
  };
}

/** Plain http shows the token to everybody on the way: only within this machine, or where the user says so. */
function requireSafe({ server, skipTLSVerify }: Cluster): void {
  const url = URL.parse(server);
  if (url?.protocol === 'https:') return;
  if (url?.protocol !== 'http:') {
    throw new KubeError(
      'credentials',
      `The kubeconfig's server must be an http or https URL, but is ${printable(server)}.`,
    );
  }
  if (skipTLSVerify || LOOPBACK.test(url.hostname)) return;
  throw new KubeError(
    'credentials',
    `The kubeconfig's server ${printable(server)} is plain http on another machine. Use https, or set insecure-skip-tls-verify.`,
  );
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function configOf(config: KubeConfig, cluster: Cluster, user: User): KubeConfig {
  // client-node refuses every plain http server that is not called insecure; requireSafe has the better rule.
  const insecure = cluster.skipTLSVerify || cluster.server.startsWith('http:');
  config.loadFromClusterAndUser({ ...cluster, skipTLSVerify: insecure }, user);
  return config;
}

/** The fields that client-node sets on the options of an https request. */
interface AppliedOptions {
  ca?: Buffer;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: boolean;
  auth?: string;
  headers?: Record<string, string>;
}

async function credentialsOf(config: KubeConfig, { proxyUrl }: Cluster, user: User): Promise<Credentials> {
  const applied: AppliedOptions = {};
  try {
    await config.applyToHTTPSOptions(applied);
  } catch (cause) {
    const why = printable(cause instanceof Error ? cause.message : String(cause));
    throw new KubeError('credentials', `The credentials of the kubeconfig user "${user.name}" cannot be used: ${why}`, {
      cause,
    });
  }
  const { ca, cert, key, servername, rejectUnauthorized, auth, headers = {} } = applied;
  const authorization = headers['Authorization'] ?? (auth && `Basic ${Buffer.from(auth).toString('base64')}`);
  const impersonate = headers['Impersonate-User'];
  return {
    tls: { ca, cert, key, servername, rejectUnauthorized },
    ...(authorization && { authorization }),
    ...(impersonate && { impersonate }),
    ...(proxyUrl && { proxy: proxyUrl }),
  };
}
