import type { EncodedEvent } from '../../src/events/encode.ts';

/** The header lines of `encoded`, by name. */
export function headersOf({ head }: Pick<EncodedEvent, 'head'>): Record<string, string> {
  return Object.fromEntries(linesOf(head).map((line) => [line.slice(0, line.indexOf(':')), valueOf(line)]));
}

/** `head` cut at its line ends, of which it has one after each line and no other. */
export function linesOf(head: string): string[] {
  const lines = head.split('\r\n');
  if (lines.pop() !== '') throw new Error('The last header line has no end.');
  return lines;
}

function valueOf(line: string): string {
  const colon = line.indexOf(': ');
  if (colon < 0) throw new Error(`This is no header line: ${line}`);
  return line.slice(colon + 2);
}
