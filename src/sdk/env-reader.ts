import { goDurationMs } from '../process/go-duration.ts';
import { shownText } from '../process/shown.ts';

/**
 * Reads variables of the environment. What is wrong is noted, and the program does not start; so that all problems are
 * told at once, a value is returned all the same, which nobody uses. A variable that is absent or empty has the
 * fallback, and without a fallback it is required.
 */
export interface EnvReader {
  text(name: string, fallback?: string): string;
  /** A whole number. */
  integer(name: string, fallback?: number): number;
  /** `true` or `false`, also `1`, `0`, `t`, `f` and in capitals, as Go's strconv.ParseBool. */
  boolean(name: string, fallback?: boolean): boolean;
  /** A Go duration such as `10s` or `1m30s`, in milliseconds. */
  durationMs(name: string, fallback?: string): number;
  /**
   * Anything else.
   * @param wanted what the variable must be, for the sentence: `a URL`
   * @param parse gives undefined for a text that is not that
   */
  parsed<T>(name: string, wanted: string, parse: (text: string) => T | undefined, fallback?: string): T | undefined;
}

/** @param problems where a sentence goes for each variable that is missing or wrong */
export function createEnvReader(env: Readonly<Record<string, string | undefined>>, problems: string[]): EnvReader {
  const parsed = <T>(
    name: string,
    wanted: string,
    parse: (text: string) => T | undefined,
    fallback?: string,
  ): T | undefined => {
    const text = env[name] || fallback;
    if (text === undefined) {
      problems.push(`${name} is not set; it must be ${wanted}.`);
      return undefined;
    }
    const value = parse(text);
    if (value === undefined) problems.push(`${name} must be ${wanted}: found ${shownText(text)}.`);
    return value;
  };
  return {
    parsed,
    text: (name, fallback) => parsed(name, 'a text', (text) => text, fallback) ?? '',
    integer: (name, fallback) => parsed(name, 'a whole number', readInteger, fallback?.toString()) ?? 0,
    boolean: (name, fallback) => parsed(name, 'true or false', readBoolean, fallback?.toString()) ?? false,
    durationMs: (name, fallback) =>
      parsed(name, 'a duration such as 10s or 1m30s, of more than nothing', readDuration, fallback) ?? 0,
  };
}

function readInteger(text: string): number | undefined {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

function readBoolean(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined;
}

function readDuration(text: string): number | undefined {
  const ms = goDurationMs(text);
  return ms !== undefined && ms > 0 ? ms : undefined;
}
