/** The events in event-display's log, a block of text each. */
export function printedEvents(log: string): string[] {
  return log.split(/^(?=☁️)/m).filter((block) => block.startsWith('☁️'));
}

/** `grep -E pattern` */
export function grep(pattern: RegExp, text: string): string[] {
  return text.split('\n').filter((line) => pattern.test(line));
}

/** `grep -A1 word`, without the lines `--` between. */
export function grepAndNext(word: string, text: string): string[] {
  const lines = text.split('\n');
  return lines.filter((line, i) => line.includes(word) || (lines[i - 1]?.includes(word) ?? false));
}

/** The value of an attribute or an extension in such a block. */
export function attribute(name: string, block: string): string | undefined {
  return new RegExp(`^  ${name}: (.*)$`, 'm').exec(block)?.[1];
}

/** Milliseconds since the epoch. */
export function timeOf(block: string): number {
  return Date.parse(attribute('time', block) ?? '');
}
