import { isDnsLabel } from '../../kube/names.ts';
import { levelFromLoggingConfig } from '../../process/log.ts';
import { readPort } from '../../process/port.ts';
import { shownText } from '../../process/shown.ts';

/** All that the adapter of PingSources is told, checked. */
export interface PingConfig {
  /** Where its Lease is. */
  readonly namespace: string;
  readonly sinkTimeoutMs: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly probesPort: number;
  readonly metricsPort: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const PROBES_PORT = 8080;
const METRICS_PORT = 9092;
/** As of the adapter of an ApiServerSource; upstream waits for ever. */
const DEFAULT_SINK_TIMEOUT_S = 30;
const LONGEST_SINK_TIMEOUT_S = 600;

/** Reads the environment that the controller gives the adapter. All problems are told, not only the first. */
export function readPingConfig(env: Env): { readonly config: PingConfig } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const namespace = env['SYSTEM_NAMESPACE'] ?? '';
  const wanted = 'it must be the namespace that the adapter keeps its Lease in';
  if (namespace === '') problems.push(`SYSTEM_NAMESPACE is not set; ${wanted}.`);
  else if (!isDnsLabel(namespace))
    problems.push(`SYSTEM_NAMESPACE is no namespace; ${wanted}: found ${shownText(namespace)}.`);
  const sinkTimeoutMs = readSinkTimeout(env, problems);
  const probesPort = readPort(env, 'WATCHBRIDGE_PROBES_PORT', PROBES_PORT, problems);
  const metricsPort = readPort(env, 'WATCHBRIDGE_METRICS_PORT', METRICS_PORT, problems);
  if (problems.length > 0) return { problems };
  const logLevel = levelFromLoggingConfig(env['K_LOGGING_CONFIG'], 'pingsource-mt-adapter');
  return { config: { namespace, sinkTimeoutMs, logLevel, probesPort, metricsPort } };
}

function readSinkTimeout(env: Env, problems: string[]): number {
  const text = env['K_SINK_TIMEOUT'] ?? '';
  if (text === '') return DEFAULT_SINK_TIMEOUT_S * 1_000;
  const seconds = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= LONGEST_SINK_TIMEOUT_S)) {
    problems.push(`K_SINK_TIMEOUT must be whole seconds, at most ${LONGEST_SINK_TIMEOUT_S}: found ${shownText(text)}.`);
  }
  // Upstream's way to say "none"; a sink that never answers would then hold its events for ever.
  return (seconds > 0 ? seconds : DEFAULT_SINK_TIMEOUT_S) * 1_000;
}
