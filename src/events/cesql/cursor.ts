import { quote } from './quote.ts';
import { type SyntaxProblem, type Token, wrong } from './tokens.ts';

/** A function's name, in upper case, and its number of arguments. */
export interface Call {
  readonly name: string;
  readonly count: number;
  readonly column: number;
}

/** Where in the tokens of an expression its parser stands. */
export interface Cursor {
  readonly tokens: readonly Token[];
  at: number;
  /** How many levels the expression being read is inside of. */
  depth: number;
  /** The functions that were called so far. */
  readonly calls: Call[];
  /** The first one found; nothing is read after it. */
  problem: SyntaxProblem | undefined;
}

const END: Token = { kind: 'end', text: '', column: 1, end: 1 };

/** The token `ahead` of the one to be read next. */
export function peek(cursor: Cursor, ahead = 0): Token {
  return cursor.tokens[cursor.at + ahead] ?? cursor.tokens.at(-1) ?? END;
}

export function isSymbol({ kind, text }: Token, symbol: string): boolean {
  return kind === 'symbol' && text === symbol;
}

/** Whether `word`, in upper case, comes next; if so, goes on behind it. */
export function takeWord(cursor: Cursor, word: string): boolean {
  const { kind, text } = peek(cursor);
  return kind === 'word' && text.toUpperCase() === word && advance(cursor);
}

export function takeSymbol(cursor: Cursor, symbol: string): boolean {
  return isSymbol(peek(cursor), symbol) && advance(cursor);
}

export function advance(cursor: Cursor): true {
  cursor.at++;
  return true;
}

/** Notes what should come next and does not. Returns undefined, for the reader to return. */
export function expected(cursor: Cursor, what: string, found = told(peek(cursor))): undefined {
  const { column } = peek(cursor);
  cursor.problem ??= wrong(`expected ${what} at column ${column}, found ${found}`, column);
  return undefined;
}

function told({ kind, text }: Token): string {
  return kind === 'end' ? 'the end' : quote(text);
}
