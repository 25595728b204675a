import { readSinkSettings, type SinkSettings } from '../delivery/sink-settings.ts';
import { readOverrides } from '../events/overrides.ts';
import { isDnsLabel, isDnsSubdomain } from '../kube/names.ts';
import { levelFromLoggingConfig } from '../process/log.ts';
import { readPort } from '../process/port.ts';
import { shownText } from '../process/shown.ts';

/** What every adapter is told by whoever deploys it: Knative's contract (knative/eventing, pkg/adapter/v2). */
export interface AdapterSettings extends SinkSettings {
  /** For logs and for the Lease: the one of the program, unless K_COMPONENT says otherwise. */
  readonly component: string;
  /** Of the source; upstream's default is `adapter`. */
  readonly name: string;
  /** Of the source; undefined: nobody told. */
  readonly namespace: string | undefined;
  /** `ceOverrides.extensions`, names in lower case. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly probesPort: number;
  readonly metricsPort: number;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Upstream's ports. */
const PROBES_PORT = 8080;
const METRICS_PORT = 9092;

/**
 * @param component what the program calls itself
 * @param problems where a sentence goes for each variable that is missing or wrong
 * @returns undefined: there is no sink, and a problem that says so
 */
export function readAdapterSettings(
  component: string,
  env: Env,
  problems: string[],
  warnings: string[],
): AdapterSettings | undefined {
  const name = env['NAME'] || 'adapter';
  if (!isDnsSubdomain(name)) problems.push(`NAME must be the name of the source: found ${shownText(name)}.`);
  const namespace = env['NAMESPACE'] || undefined;
  if (namespace !== undefined && !isDnsLabel(namespace)) {
    problems.push(`NAMESPACE must be the namespace of the source: found ${shownText(namespace)}.`);
  }
  const sink = readSinkSettings(env, problems, warnings);
  const { overrides, problems: wrongOverrides } = readOverrides(env['K_CE_OVERRIDES']);
  problems.push(...wrongOverrides);
  const known = env['K_COMPONENT'] || component;
  const rest = {
    component: known,
    name,
    namespace,
    overrides,
    logLevel: levelFromLoggingConfig(env['K_LOGGING_CONFIG'], known),
    probesPort: readPort(env, 'WATCHBRIDGE_PROBES_PORT', PROBES_PORT, problems),
    metricsPort: readPort(env, 'WATCHBRIDGE_METRICS_PORT', METRICS_PORT, problems),
  };
  return sink === undefined ? undefined : { ...rest, ...sink };
}
