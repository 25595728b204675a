import { type DestinationStream, type Logger, pino } from 'pino';

/** The structured logger that every part takes as an argument. Messages are constant; what varies is a field. */
export type Log = Logger;

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

/**
 * One JSON line an entry on stdout, with the keys that Knative's components use (`level`, `ts` in ISO 8601, `msg`),
 * so that existing log pipelines keep working.
 */
export function createLog(options: { component: string; level: Level; destination?: DestinationStream }): Log {
  const settings = {
    level: options.level,
    base: { logger: options.component },
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: 'msg',
    errorKey: 'error',
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

/**
 * The level that `K_LOGGING_CONFIG` asks for: `loglevel.<component>` first, else `level` inside `zap-logger-config`.
 * A configuration that cannot be read must not stop events, so it means `info` (upstream does the same).
 */
export function levelFromLoggingConfig(text: string | undefined, component: string): Level {
  const config = parseObject(text);
  const zap = parseObject(typeof config['zap-logger-config'] === 'string' ? config['zap-logger-config'] : undefined);
  const wanted = config[`loglevel.${component}`] ?? zap['level'];
  return LEVELS.find((level) => level === wanted) ?? 'info';
}

function parseObject(text: string | undefined): Record<string, unknown> {
  if (text === undefined || text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
