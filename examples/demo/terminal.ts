import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** Where the demo writes: lines with colours and one that moves in a terminal, plain lines anywhere else. */
export interface Terminal {
  /** Whether it has colours and a line that moves. Both are escape codes, so NO_COLOR turns off both. */
  readonly rich: boolean;
  /** How many columns a line may have; unlimited where this is not a terminal. */
  readonly columns: number;
  print(line: string): void;
  /** Shows a line below the printed ones, in place of the one before; an empty one takes it away. Only where it is rich. */
  status(line: string): void;
  paint(style: Style | readonly Style[], text: string): string;
}

/** What is needed of a stream such as `process.stdout`. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(): boolean;
}

/** To the first column, and erase the line (ECMA-48, EL). */
const CLEAR = '\r\u001b[2K';
/** Of a terminal that does not know: it says 0. */
const USUAL_COLUMNS = 80;

export function createTerminal(output: Output): Terminal {
  const isTerminal = output.isTTY === true;
  const rich = isTerminal && output.hasColors?.() === true;
  let status = '';
  return {
    rich,
    get columns() {
      return isTerminal ? output.columns || USUAL_COLUMNS : Number.POSITIVE_INFINITY;
    },
    print: (line) => {
      output.write(status === '' ? `${line}\n` : `${CLEAR}${line}\n${status}`);
    },
    status: (line) => {
      if (!rich || (line === '' && status === '')) return;
      status = line;
      output.write(`${CLEAR}${status}`);
    },
    // The types of styleText ask for an array that may be changed.
    paint: (style, text) => (rich ? styleText(style as Style[], text, { validateStream: false }) : text),
  };
}

/** Shortens a text that has more than `length` characters, and shows that it did. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return length < 1 ? '' : `${text.slice(0, length - 1)}…`;
}

/** The same for a text whose end says more than its middle, such as `downloading https://…: 12 of 80 MB`. */
export function cutMiddle(text: string, length: number): string {
  const end = Math.floor(length / 2);
  if (text.length <= length || end === 0) return cut(text, length);
  return cut(text, length - end) + text.slice(-end);
}
