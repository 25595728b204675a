import { readPort } from '../process/port.ts';
import { shownText } from '../process/shown.ts';
import { isDnsLabel, isDnsSubdomain } from '../kube/names.ts';
import { levelFromLoggingConfig } from '../process/log.ts';
import type { Installation } from '../sources/apiserver/deployment.ts';

/** All that the controller is told, checked. */
export interface ControllerConfig {
  readonly installation: Omit<Installation, 'apiServer'>;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly probesPort: number;
  readonly metricsPort: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const PROBES_PORT = 8080;
const METRICS_PORT = 9092;
const USUAL_DOMAIN = 'cluster.local';

/**
 * Reads the environment that manifests/controller.yaml gives the controller, whose names are upstream's. All problems
 * are told, not only the first.
 *
 * @param resolvConf the text of /etc/resolv.conf; empty where there is none
 */
export function readControllerConfig(
  env: Env,
  resolvConf: string,
): { readonly config: ControllerConfig } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const image = required(env, 'APISERVER_RA_IMAGE', 'the image that adapters run', isImage, problems);
  const systemNamespace = required(
    env,
    'SYSTEM_NAMESPACE',
    'the namespace that the controller keeps its Lease in',
    isDnsLabel,
    problems,
  );
  const clusterDomain = env['CLUSTER_DOMAIN'] || searchedDomain(resolvConf);
  if (!isDnsSubdomain(clusterDomain)) {
    problems.push(`CLUSTER_DOMAIN must be a domain, such as ${USUAL_DOMAIN}: found ${shownText(clusterDomain)}.`);
  }
  const K_LOGGING_CONFIG = jsonObject(env, 'K_LOGGING_CONFIG', problems);
  const K_OBSERVABILITY_CONFIG = jsonObject(env, 'K_OBSERVABILITY_CONFIG', problems);
  const probesPort = readPort(env, 'WATCHBRIDGE_PROBES_PORT', PROBES_PORT, problems);
  const metricsPort = readPort(env, 'WATCHBRIDGE_METRICS_PORT', METRICS_PORT, problems);
  if (problems.length > 0) return { problems };
  return {
    config: {
      installation: {
        image,
        systemNamespace,
        K_LOGGING_CONFIG,
        K_KLOG_VERBOSITY: env['K_KLOG_VERBOSITY'] || '0',
        K_OBSERVABILITY_CONFIG,
        nodeSelector: {},
      },
      clusterDomain,
      logLevel: levelFromLoggingConfig(K_LOGGING_CONFIG, 'controller'),
      probesPort,
      metricsPort,
    },
  };
}

function required(
  env: Env,
  variable: string,
  meaning: string,
  isRight: (text: string) => boolean,
  problems: string[],
): string {
  const value = env[variable] ?? '';
  if (value === '') problems.push(`${variable} is not set; it must be ${meaning}.`);
  else if (!isRight(value)) problems.push(`${variable} must be ${meaning}: found ${shownText(value)}.`);
  return value;
}

/** Whatever has no blanks: what an image may be called is up to the nodes. */
function isImage(text: string): boolean {
  return /^\S+$/.test(text);
}

/** Adapters get the text as it is; one that is none of theirs would only be found out there. */
function jsonObject(env: Env, variable: string, problems: string[]): string {
  const text = env[variable] || '{}';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text;
  } catch {
    // The same sentence.
  }
  problems.push(`${variable} must be a JSON object, as Knative's controllers make it: found ${shownText(text)}.`);
  return text;
}

/** As upstream finds it (knative.dev/pkg/network/domain.go): what stands behind `svc.` where names are searched. */
export function searchedDomain(resolvConf: string): string {
  const searched = /^search\s(.*)$/m.exec(resolvConf)?.[1] ?? '';
  const [domain] = searched.split(/\s+/).flatMap((name) => (name.startsWith('svc.') ? [name.slice(4)] : []));
  return domain?.replace(/\.$/, '') || USUAL_DOMAIN;
}
