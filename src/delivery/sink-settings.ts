import { shownText } from '../process/shown.ts';
import { readCertificates } from './certificates.ts';
import { readSinkUrl } from './sink-url.ts';

/** Where events go, as an adapter is told. */
export interface SinkSettings {
  readonly sink: URL;
  readonly sinkTimeoutMs: number;
  /** PEM certificates that the sink may be signed by. */
  readonly sinkCa: readonly string[];
  /** The file of the token that the sink wants; undefined: it wants none. */
  readonly sinkToken?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** How long a sink may take to answer, unless K_SINK_TIMEOUT says otherwise; upstream waits for ever. */
const DEFAULT_SINK_TIMEOUT_S = 30;
const LONGEST_SINK_TIMEOUT_S = 600;
/** Where upstream's SinkBinding mounts the token, and our controller. */
const TOKEN_FILE = '/oidc/token';

/**
 * Reads K_SINK, K_SINK_TIMEOUT, K_CA_CERTS and K_AUDIENCE, and what would make them worthless.
 *
 * @param problems where a sentence goes for each variable that is missing or wrong
 * @returns undefined: there is no sink, and a problem that says so
 */
export function readSinkSettings(env: Env, problems: string[], warnings: string[]): SinkSettings | undefined {
  const sink = readSink(env['K_SINK'], problems, warnings);
  const sinkTimeoutMs = readSinkTimeout(env['K_SINK_TIMEOUT'], problems);
  const sinkCa = readSinkCa(env['K_CA_CERTS'], problems);
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    problems.push(
      'NODE_TLS_REJECT_UNAUTHORIZED is 0, which lets anybody pose as the sink; unset it and give the CA in K_CA_CERTS.',
    );
  }
  const sinkToken = env['K_AUDIENCE'] ? env['WATCHBRIDGE_SINK_TOKEN'] || TOKEN_FILE : undefined;
  return sink && { sink, sinkTimeoutMs, sinkCa, ...(sinkToken !== undefined && { sinkToken }) };
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
