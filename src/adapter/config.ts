import { levelFromLoggingConfig } from '../process/log.ts';
import { readCertificates } from './certificates.ts';
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
/** Upstream's ports (its Deployment's `probes` and `metrics`). */
const PROBES_PORT = 8080;
const METRICS_PORT = 9092;
/** CloudEvents 1.0, "Attribute Naming Convention". */
const EXTENSION_NAME = /^[a-z0-9]+$/;
const CORE_ATTRIBUTES = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'data',
  'data_base64',
]);

/** Reads the environment that upstream's controller gives its adapter. All problems are told, not only the first. */
export function readAdapterConfig(env: Env): ReadConfig {
  const problems: string[] = [];
  const warnings: string[] = [];
  const name = required(env, 'NAME', 'the name of the ApiServerSource', problems);
  const namespace = required(env, 'NAMESPACE', 'the namespace of the ApiServerSource', problems);
  const source = readSource(env['K_SOURCE_CONFIG'], problems, warnings);
  const sink = readSink(env['K_SINK'], problems, warnings);
  const sinkTimeoutMs = readSinkTimeout(env['K_SINK_TIMEOUT'], problems);
  const sinkCa = readSinkCa(env['K_CA_CERTS'], problems);
  const overrides = readOverrides(env['K_CE_OVERRIDES'], problems);
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
  const config = { name, namespace, source, sink, sinkTimeoutMs, sinkCa, overrides, logLevel, probesPort, metricsPort };
  return { config, warnings };
}

function required(env: Env, variable: string, meaning: string, problems: string[]): string {
  const value = env[variable] ?? '';
  if (value === '') problems.push(`${variable} is not set; it must be ${meaning}.`);
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
  if (read.unknownFields.length > 0) {
    warnings.push(`K_SOURCE_CONFIG has fields that mean nothing here: ${read.unknownFields.join(', ')}.`);
  }
  return read.config;
}

function readSink(text: string | undefined, problems: string[], warnings: string[]): URL | undefined {
  const trimmed = (text ?? '').trim();
  const wanted = 'it must be an absolute URL such as http://broker-ingress.shop.svc.cluster.local';
  if (trimmed === '') {
    problems.push(`K_SINK is not set; ${wanted}.`);
    return undefined;
  }
  if (trimmed !== text) warnings.push('K_SINK has white space around it, which was taken off.');
  const url = URL.parse(trimmed);
  if (url === null || url.hostname === '') {
    problems.push(`K_SINK is not an absolute URL: found ${quoted(trimmed)}; ${wanted}.`);
    return undefined;
  }
  // A URL can hold a password, so from here on only the part that cannot is shown.
  const shown = quoted(`${url.protocol}//${url.host}${url.pathname}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    problems.push(`K_SINK has the scheme ${url.protocol.slice(0, -1)} (${shown}); only http and https can be sent to.`);
  }
  if (url.username !== '' || url.password !== '') {
    problems.push(`K_SINK has a user or a password in front of its host (${shown}); take them out, they are not sent.`);
  }
  if (url.hash !== '') problems.push(`K_SINK has a fragment (${shown}${url.hash}); take it out, it is not sent.`);
  return url;
}

function readSinkTimeout(text: string | undefined, problems: string[]): number {
  if (text === undefined || text === '') return DEFAULT_SINK_TIMEOUT_S * 1_000;
  const seconds = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= LONGEST_SINK_TIMEOUT_S)) {
    problems.push(`K_SINK_TIMEOUT must be whole seconds, at most ${LONGEST_SINK_TIMEOUT_S}: found ${quoted(text)}.`);
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

function readOverrides(text: string | undefined, problems: string[]): Record<string, string> {
  const overrides: Record<string, string> = Object.create(null) as Record<string, string>;
  if (text === undefined || text.trim() === '') return overrides;
  let extensions: unknown;
  try {
    extensions = (JSON.parse(text) as { extensions?: unknown } | null)?.extensions ?? {};
  } catch (error) {
    problems.push(`K_CE_OVERRIDES is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
    return overrides;
  }
  if (typeof extensions !== 'object' || extensions === null || Array.isArray(extensions)) {
    problems.push('K_CE_OVERRIDES: extensions must be an object of texts, such as {"extensions":{"cluster":"blue"}}.');
    return overrides;
  }
  for (const [key, value] of Object.entries(extensions)) {
    const name = key.toLowerCase();
    if (!EXTENSION_NAME.test(name))
      problems.push(`K_CE_OVERRIDES: ${quoted(key)} is no name for an extension; use letters and digits.`);
    else if (CORE_ATTRIBUTES.has(name))
      problems.push(
        `K_CE_OVERRIDES: ${quoted(key)} is an attribute of CloudEvents itself, which an extension cannot replace; choose another name.`,
      );
    else if (typeof value !== 'string')
      problems.push(
        `K_CE_OVERRIDES: the value of ${quoted(key)} must be a text: found ${quoted(JSON.stringify(value))}.`,
      );
    else overrides[name] = value;
  }
  return overrides;
}

function readPort(env: Env, variable: string, fallback: number, problems: string[]): number {
  const text = env[variable];
  if (text === undefined || text === '') return fallback;
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535))
    problems.push(`${variable} must be a port from 0 (any free one) to 65535: found ${quoted(text)}.`);
  return port;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 63)}…` : text);
}
