import { isDnsLabel, isDnsSubdomain } from '../kube/names.ts';
import { levelFromLoggingConfig } from '../process/log.ts';
import { readCertificates } from './certificates.ts';
import { readOverrides } from './overrides.ts';
import { tellsClearSecrets } from './payload-config.ts';
import { shownText } from './shown.ts';
import { readSinkUrl } from './sink-url.ts';
import { readSourceConfig, type SourceConfig } from './source-config.ts';

/** All that a receive adapter is told, checked. */
export interface AdapterConfig {
  /** Of the ApiServerSource. */
  readonly name: string;
  readonly namespace: string;
  readonly source: SourceConfig;
  readonly sink: URL;
  readonly sinkTimeoutMs: number;
  /** PEM certificates that the sink may be signed by. */
  readonly sinkCa: readonly string[];
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

/** How long a sink may take to answer, unless K_SINK_TIMEOUT says otherwise; upstream waits for ever. */
const DEFAULT_SINK_TIMEOUT_S = 30;
const LONGEST_SINK_TIMEOUT_S = 600;
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
  const sink = readSink(env['K_SINK'], problems, warnings);
  const sinkTimeoutMs = readSinkTimeout(env['K_SINK_TIMEOUT'], problems);
  const sinkCa = readSinkCa(env['K_CA_CERTS'], problems);
  const { overrides, problems: wrongOverrides } = readOverrides(env['K_CE_OVERRIDES']);
  problems.push(...wrongOverrides);
  const redactionKey = readRedactionKey(env['WATCHBRIDGE_REDACTION_KEY'], problems);
  const probesPort = readPort(env, 'WATCHBRIDGE_PROBES_PORT', PROBES_PORT, problems);
  const metricsPort = readPort(env, 'WATCHBRIDGE_METRICS_PORT', METRICS_PORT, problems);
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    problems.push(
      'NODE_TLS_REJECT_UNAUTHORIZED is 0, which lets anybody pose as the sink; unset it and give the CA in K_CA_CERTS.',
    );
  }
  if (env['K_AUDIENCE'] !== undefined && env['K_AUDIENCE'] !== '') {
    warnings.push('K_AUDIENCE is set, but no tokens are sent: a sink that wants one will refuse every event.');
  }
  if (source === undefined || sink === undefined || problems.length > 0) return { problems };
  const logLevel = levelFromLoggingConfig(env['K_LOGGING_CONFIG'], 'apiserversource');
  const config = {
    name,
    namespace,
    source,
    sink,
    sinkTimeoutMs,
    sinkCa,
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

function readSink(text: string | undefined, problems: string[], warnings: string[]): URL | undefined {
  const read = readSinkUrl(text);
  if ('problems' in read) {
    problems.push(...read.problems);
    return undefined;
  }
  warnings.push(...read.warnings);
  return read.url;
}

function readSinkTimeout(text: string | undefined, problems: string[]): number {
  if (text === undefined || text === '') return DEFAULT_SINK_TIMEOUT_S * 1_000;
  const seconds = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= LONGEST_SINK_TIMEOUT_S)) {
    problems.push(`K_SINK_TIMEOUT must be whole seconds, at most ${LONGEST_SINK_TIMEOUT_S}: found ${shownText(text)}.`);
  }
  // Upstream's way to say "none"; a sink that never answers would then hold its events for ever.
  return (seconds > 0 ? seconds : DEFAULT_SINK_TIMEOUT_S) * 1_000;
}

function readSinkCa(text: string | undefined, problems: string[]): readonly string[] {
  if (text === undefined || text.trim() === '') return [];
  const read = readCertificates(text);
  problems.push(...read.problems.map((problem) => `K_CA_CERTS ${problem}.`));
  return read.certificates;
}

function readRedactionKey(text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (text.length < LEAST_KEY_CHARACTERS) {
    problems.push(
      `WATCHBRIDGE_REDACTION_KEY has ${text.length} characters; it must have at least ${LEAST_KEY_CHARACTERS}, chosen at random.`,
    );
  }
  return text;
}

function readPort(env: Env, variable: string, fallback: number, problems: string[]): number {
  const text = env[variable];
  if (text === undefined || text === '') return fallback;
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535))
    problems.push(`${variable} must be a port from 0 (any free one) to 65535: found ${shownText(text)}.`);
  return port;
}
