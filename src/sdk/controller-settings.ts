import { isDnsLabel, isDnsSubdomain } from '../kube/names.ts';
import { levelFromLoggingConfig } from '../process/log.ts';
import { readPort } from '../process/port.ts';
import { shownText } from '../process/shown.ts';
import type { Level } from './program.ts';

/** What every controller is told by whoever deploys it. */
export interface ControllerSettings {
  /** For logs and for the Lease: the one of the program, unless K_COMPONENT says otherwise. */
  readonly component: string;
  /** Where the Lease is kept; undefined: nobody told. */
  readonly systemNamespace: string | undefined;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
  readonly logLevel: Level;
  readonly probesPort: number;
  readonly metricsPort: number;
}

const PROBES_PORT = 8080;
const METRICS_PORT = 9092;
const USUAL_DOMAIN = 'cluster.local';

/** @param problems where a sentence goes for each variable that is missing or wrong */
export function readControllerSettings(
  component: string,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): ControllerSettings {
  const systemNamespace = env['SYSTEM_NAMESPACE'] || undefined;
  if (systemNamespace !== undefined && !isDnsLabel(systemNamespace)) {
    problems.push(`SYSTEM_NAMESPACE must be the controller's namespace: found ${shownText(systemNamespace)}.`);
  }
  const clusterDomain = env['CLUSTER_DOMAIN'] || USUAL_DOMAIN;
  if (!isDnsSubdomain(clusterDomain)) {
    problems.push(`CLUSTER_DOMAIN must be a domain, such as ${USUAL_DOMAIN}: found ${shownText(clusterDomain)}.`);
  }
  const known = env['K_COMPONENT'] || component;
  return {
    component: known,
    systemNamespace,
    clusterDomain,
    logLevel: levelFromLoggingConfig(env['K_LOGGING_CONFIG'], known),
    probesPort: readPort(env, 'WATCHBRIDGE_PROBES_PORT', PROBES_PORT, problems),
    metricsPort: readPort(env, 'WATCHBRIDGE_METRICS_PORT', METRICS_PORT, problems),
  };
}
