import { advance, type Cursor, expected, isSymbol, peek, takeWord } from './cursor.ts';
import { leaf, type Read } from './leveled.ts';
import { quote } from './quote.ts';
import { isInteger } from './value.ts';

const KEYWORDS: ReadonlySet<string> = new Set('AND OR XOR NOT LIKE EXISTS IN TRUE FALSE'.split(' '));

/** Keywords are the same in upper and lower case, and no names. */
export function isKeyword(word: string): boolean {
  return KEYWORDS.has(word.toUpperCase());
}

/** Whether a sign comes next that touches digits: it is theirs, and no operator where a value is wanted. */
export function isSign(cursor: Cursor): boolean {
  const sign = peek(cursor);
  const digits = peek(cursor, 1);
  return (isSymbol(sign, '-') || isSymbol(sign, '+')) && digits.kind === 'integer' && digits.column === sign.end;
}

/** Reads a literal, an attribute, or EXISTS with its attribute (section 2.2). */
export function readAtom(cursor: Cursor): Read {
  const { kind, text } = peek(cursor);
  if (isSign(cursor)) return readInteger(cursor, 2);
  if (kind === 'integer') return readInteger(cursor, 1);
  if (kind === 'string') return advance(cursor) && leaf({ is: 'literal', value: text });
  if (takeWord(cursor, 'EXISTS')) return readExists(cursor);
  if (takeWord(cursor, 'TRUE')) return leaf({ is: 'literal', value: true });
  if (takeWord(cursor, 'FALSE')) return leaf({ is: 'literal', value: false });
  if (kind === 'word' && isAttribute(text))
    return advance(cursor) && leaf({ is: 'attribute', name: text.toLowerCase() });
  return expected(cursor, 'an attribute, a literal, a function or "("');
}

function readInteger(cursor: Cursor, tokens: 1 | 2): Read {
  const literal = tokens === 1 ? peek(cursor).text : peek(cursor).text + peek(cursor, 1).text;
  const value = Number(literal);
  if (!isInteger(value)) return expected(cursor, 'an integer of 32 bits', quote(literal));
  cursor.at += tokens;
  // The sum makes 0 of -0.
  return leaf({ is: 'literal', value: value + 0 });
}

function readExists(cursor: Cursor): Read {
  const { kind, text } = peek(cursor);
  if (kind !== 'word' || !isAttribute(text)) return expected(cursor, 'the name of an attribute');
  return advance(cursor) && leaf({ is: 'exists', name: text.toLowerCase() });
}

/** The specification writes attributes in lower case; its test kit wants upper case to mean the same. */
function isAttribute(word: string): boolean {
  return /^[A-Za-z0-9]+$/.test(word) && !isKeyword(word);
}
