import { quote } from './quote.ts';

type TokenKind = 'word' | 'integer' | 'string' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written; of a string, what it means. */
  readonly text: string;
  /** Counted from 1, in UTF-16 units; a line break is one of them. */
  readonly column: number;
  /** Where the token ends, counted likewise: the column of what touches it. */
  readonly end: number;
}

/** Why a text is no CESQL: a clause without a full stop, which names the column. */
export interface SyntaxProblem {
  readonly is: 'wrong';
  readonly sentence: string;
  readonly column: number;
}

type ReadTokens = { readonly is: 'read'; readonly tokens: readonly Token[] } | SyntaxProblem;

/** Words are attributes, functions, keywords; the specification's lexer skips this white space and no other. */
const TOKEN = /[ \t\r\n]+|([A-Za-z0-9_]+)|(<>|<=|>=|!=|[-+*/%=<>(),])|(['"])/y;

/** Cuts an expression into tokens (section 2, and the grammar beside the specification); the last one is its end. */
export function readTokens(text: string): ReadTokens {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) return unfit(text, at);
    const [all, word, symbol, delimiter] = match;
    const column = at + 1;
    if (delimiter !== undefined) {
      const string = readString(text, at, delimiter);
      if ('is' in string) return string;
      tokens.push(string);
      at = string.end - 1;
      continue;
    }
    at += all.length;
    if (word !== undefined) tokens.push(wordToken(word, column));
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, column, end: at + 1 });
  }
  tokens.push({ kind: 'end', text: '', column: text.length + 1, end: text.length + 1 });
  return { is: 'read', tokens };
}

export function wrong(sentence: string, column: number): SyntaxProblem {
  return { is: 'wrong', sentence, column };
}

function wordToken(word: string, column: number): Token {
  return { kind: /^[0-9]+$/.test(word) ? 'integer' : 'word', text: word, column, end: column + word.length };
}

/** Inside a string only its own delimiter is escaped; a backslash before anything else is a backslash. */
function readString(text: string, start: number, delimiter: string): Token | SyntaxProblem {
  let value = '';
  let copied = start + 1;
  for (let at = start + 1; at < text.length; at++) {
    const unit = text[at];
    if (unit === '\\') {
      at++;
      if (text[at] !== delimiter) continue;
      value += text.slice(copied, at - 1);
      copied = at;
    } else if (unit === delimiter) {
      if (text[at + 1] === delimiter) return doubled(delimiter, at + 1);
      return { kind: 'string', text: value + text.slice(copied, at), column: start + 1, end: at + 2 };
    }
  }
  return wrong(`expected a ${delimiter} that ends the string of column ${start + 1}, found the end`, text.length + 1);
}

function doubled(delimiter: string, column: number): SyntaxProblem {
  return wrong(
    `expected \\${delimiter} for a quotation mark inside a string, found two of them at column ${column}`,
    column,
  );
}

function unfit(text: string, at: number): SyntaxProblem {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return wrong(`expected an operator or a value at column ${at + 1}, found ${quote(character)}`, at + 1);
}
