import { readSinkSettings, type SinkSettings } from '../delivery/sink-settings.ts';
import { readOverrides } from '../events/overrides.ts';
import { isDnsLabel, isDnsSubdomain } from '../kube/names.ts';
import { levelFromLoggingConfig } from '../process/log.ts';
import { readPort } from '../process/port.ts';
import { shownText } from '../process/shown.ts';
import { tellsClearSecrets } from './payload-config.ts';
import { readSourceConfig, type SourceConfig } from './source-config.ts';

/** All that a receive adapter is told, checked. */
export interface AdapterConfig extends SinkSettings {
  /** Of the ApiServerSource. */
  readonly name: string;
  readonly namespace: string;
  readonly source: SourceConfig;
  /** `ceOverrides.extensions`, names in lower case. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Under which values of Secrets are digested; undefined: nothing is shown of them. */
  readonly redactionKey?: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly probesPort: number;
  readonly metricsPort: number;
}

export type ReadConfig =
  | { readonly config: AdapterConfig; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] };

type Env = Readonly<Record<string, string | undefined>>;

/** 128 bits as hexadecimal digits. */
const LEAST_KEY_CHARACTERS = 32;
/** Upstream's ports (its Deployment's `probes` and `metrics`). */
const PROBES_PORT = 8080;
const METRICS_PORT = 9092;

/** Reads the environment that upstream's controller gives its adapter. All problems are told, not only the first. */
export function readAdapterConfig(env: Env): ReadConfig {
  const problems: string[] = [];
  const warnings: string[] = [];
  const name = required(env, 'NAME', 'the name of the ApiServerSource', isDnsSubdomain, problems);
  const namespace = required(env, 'NAMESPACE', 'the namespace of the ApiServerSource', isDnsLabel, problems);
  const source = readSource(env['K_SOURCE_CONFIG'], problems, warnings);
  const sink = readSinkSettings(env, problems, warnings);
  const { overrides, problems: wrongOverrides } = readOverrides(env['K_CE_OVERRIDES']);
  problems.push(...wrongOverrides);
  const redactionKey = readRedactionKey(env['WATCHBRIDGE_REDACTION_KEY'], warnings);
  const probesPort = readPort(env, 'WATCHBRIDGE_PROBES_PORT', PROBES_PORT, problems);
  const metricsPort = readPort(env, 'WATCHBRIDGE_METRICS_PORT', METRICS_PORT, problems);
  if (source === undefined || sink === undefined || problems.length > 0) return { problems };
  const logLevel = levelFromLoggingConfig(env['K_LOGGING_CONFIG'], 'apiserversource');
  const config = {
    name,
    namespace,
    source,
    ...sink,
    overrides,
    logLevel,
    probesPort,
    metricsPort,
    ...(redactionKey !== undefined && { redactionKey }),
  };
  return { config, warnings };
}

function required(
  env: Env,
  variable: string,
  meaning: string,
  isName: (text: string) => boolean,
  problems: string[],
): string {
  const value = env[variable] ?? '';
  if (value === '') problems.push(`${variable} is not set; it must be ${meaning}.`);
  else if (!isName(value)) problems.push(`${variable} must be ${meaning}: found ${shownText(value)}.`);
  return value;
}

function readSource(text: string | undefined, problems: string[], warnings: string[]): SourceConfig | undefined {
  if (text === undefined || text.trim() === '') {
    problems.push(
      'K_SOURCE_CONFIG is not set; it must be the JSON that the controller writes: {"namespaces":["shop"],"resources":[{"gvr":{"Group":"","Version":"v1","Resource":"pods"}}],"mode":"Resource"}.',
    );
    return undefined;
  }
  const read = readSourceConfig(text);
  if ('problems' in read) {
    problems.push(...read.problems);
    return undefined;
  }
  const { namespaces, excludeNamespaces = [], allNamespaces, namespaceSelector } = read.config;
  const none = namespaces.every((name) => excludeNamespaces.includes(name));
  if (none && !allNamespaces && namespaceSelector === undefined) {
    warnings.push('K_SOURCE_CONFIG names no namespace: nothing is watched, unless it belongs to the whole cluster.');
  }
  if (tellsClearSecrets(read.config)) {
    warnings.push('K_SOURCE_CONFIG.payload.secrets is ClearText: events carry the values of Secrets as they are.');
  }
  if (read.unknownFields.length > 0) {
    warnings.push(`K_SOURCE_CONFIG has fields that mean nothing here: ${read.unknownFields.join(', ')}.`);
  }
  return read.config;
}

/** What is too short to be kept from guessers is no key: nothing is shown then, and nothing stops for it. */
function readRedactionKey(text: string | undefined, warnings: string[]): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (text.length >= LEAST_KEY_CHARACTERS) return text;
  warnings.push(
    `WATCHBRIDGE_REDACTION_KEY has ${text.length} characters, too few to be used: every value of a Secret is the same text, and its changes cannot be seen. Put at least ${LEAST_KEY_CHARACTERS} into the Secret that payload.redactionKey names, chosen at random.`,
  );
  return undefined;
}
