import { readCertificates } from '../../delivery/certificates.ts';
import { readOverrides } from '../../events/overrides.ts';
import { readSinkUrl } from '../../delivery/sink-url.ts';
import type { Heart } from './event.ts';
import { readPeriod } from './period.ts';

export const FLAGS = {
  eventSource: '',
  eventType: 'dev.knative.eventing.samples.heartbeat',
  sink: '',
  cacerts: '',
  label: '',
  period: '5s',
  msg: '',
} as const;

type Flags = Readonly<Record<keyof typeof FLAGS, string>>;

export interface Settings {
  readonly heart: Heart;
  readonly sink: URL;
  /** PEM, beside those of the system. */
  readonly ca: readonly string[];
  readonly periodMs: number;
  readonly oneShot: boolean;
}

const NO_SINK =
  'failed to create client: there is no sink. Set K_SINK, as a ContainerSource or a SinkBinding does, or give --sink URL.';

/** The settings, or what is wrong with them: lines for the log, in upstream's words where it has some. */
export function readSettings(
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
): Settings | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const name = required(env['POD_NAME'], 'POD_NAME', problems);
  const namespace = required(env['POD_NAMESPACE'], 'POD_NAMESPACE', problems);
  const oneShot = readBool(env['ONE_SHOT']);
  if (oneShot === undefined) {
    const found = JSON.stringify(env['ONE_SHOT']);
    problems.push(`[ERROR] Failed to process env var: ONE_SHOT must be true or false: found ${found}`);
  }
  const overridesText = env['K_CE_OVERRIDES'];
  const { overrides, problems: wrong } = readOverrides(overridesText);
  if (wrong.length > 0) problems.push(`[ERROR] Unparsable CloudEvents overrides ${overridesText}: ${wrong.join(' ')}`);
  const sink = readSink(env['K_SINK'] || flags.sink, problems);
  const ca = readCa(env['K_CA_CERTS'] || flags.cacerts, problems);
  const periodMs = readPeriod(flags.period);
  if (periodMs === undefined) problems.push(`Invalid period interval provided: ${JSON.stringify(flags.period)}`);
  if (sink === undefined || periodMs === undefined || problems.length > 0) return { problems };
  return {
    heart: {
      source: flags.eventSource || `https://knative.dev/eventing-contrib/cmd/heartbeats/#${namespace}/${name}`,
      type: flags.eventType,
      label: unquoted(flags.label),
      msg: flags.msg,
      overrides,
    },
    sink,
    ca,
    periodMs,
    oneShot: oneShot === true,
  };
}

function required(value: string | undefined, name: string, problems: string[]): string {
  if (value === undefined) {
    problems.push(`[ERROR] Failed to process env var: required key ${name} missing value`);
  }
  return value ?? '';
}

function readSink(text: string, problems: string[]): URL | undefined {
  if (text === '') {
    problems.push(NO_SINK);
    return undefined;
  }
  const read = readSinkUrl(text);
  if ('url' in read) return read.url;
  problems.push(...read.problems.map((problem) => `failed to create client: ${problem}`));
  return undefined;
}

function readCa(text: string, problems: string[]): readonly string[] {
  if (text.trim() === '') return [];
  const read = readCertificates(text);
  problems.push(...read.problems.map((problem) => `failed to create client: K_CA_CERTS ${problem}.`));
  return read.certificates;
}

/** As Go's strconv.ParseBool; absent or empty is false. */
function readBool(text: string | undefined): boolean | undefined {
  if (text === undefined || ['', '0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text) ? true : undefined;
}

/** A label that begins with a quote is unquoted; one that is not closed becomes empty, as upstream's. */
function unquoted(label: string): string {
  if (!label.startsWith('"')) return label;
  try {
    return String(JSON.parse(label));
  } catch {
    return '';
  }
}
