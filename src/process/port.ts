import { shownText } from './shown.ts';

/** A port that a variable names. What is wrong with it goes to `problems`. */
export function readPort(
  env: Readonly<Record<string, string | undefined>>,
  variable: string,
  fallback: number,
  problems: string[],
): number {
  const text = env[variable];
  if (text === undefined || text === '') return fallback;
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535))
    problems.push(`${variable} must be a port from 0 (any free one) to 65535: found ${shownText(text)}.`);
  return port;
}
