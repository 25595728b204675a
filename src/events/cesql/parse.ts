import { isKeyword, isSign, readAtom } from './atoms.ts';
import { advance, type Call, type Cursor, expected, isSymbol, peek, takeSymbol, takeWord } from './cursor.ts';
import { above, bare, type Leveled, MOST_LEVELS, type Read, tooDeep } from './leveled.ts';
import type { ArithmeticOperator } from './operators.ts';
import type { ComparisonOperator, Expression, LogicOperator } from './syntax.ts';
import { readTokens, type SyntaxProblem, wrong } from './tokens.ts';

export type Parsed =
  | { readonly is: 'parsed'; readonly expression: Expression; readonly calls: readonly Call[] }
  | SyntaxProblem;

type Join = (left: Expression, right: Expression) => Expression;

/** An expression that somebody wrote has some hundred characters; one that was generated, some thousand. */
const MOST_CHARACTERS = 64 * 1024;

const LOGIC: readonly LogicOperator[] = ['AND', 'OR', 'XOR'];

/** Operators between two operands, apart from logic; each line binds more tightly than the one before it. */
const BINARY: readonly ReadonlyMap<string, Join>[] = [
  new Map([
    ['=', comparison('=')],
    ['!=', comparison('!=')],
    ['<>', comparison('!=')],
    ['<', comparison('<')],
    ['<=', comparison('<=')],
    ['>', comparison('>')],
    ['>=', comparison('>=')],
  ]),
  new Map([
    ['+', arithmetic('+')],
    ['-', arithmetic('-')],
  ]),
  new Map([
    ['*', arithmetic('*')],
    ['/', arithmetic('/')],
    ['%', arithmetic('%')],
  ]),
];

/**
 * Parses a CESQL expression (version 1.0, section 2). How operators bind is the grammar's beside the specification:
 * NOT and minus most tightly, then LIKE and IN, `* / %`, `+ -`, comparisons, and last AND, OR and XOR. Never throws.
 */
export function parseCesql(text: string): Parsed {
  if (text.length > MOST_CHARACTERS) {
    return wrong(`expected at most ${MOST_CHARACTERS} characters, found ${text.length}`, MOST_CHARACTERS + 1);
  }
  const read = readTokens(text);
  if (read.is === 'wrong') return read;
  const cursor: Cursor = { tokens: read.tokens, at: 0, depth: 0, calls: [], problem: undefined };
  const whole = readExpression(cursor);
  if (whole !== undefined && peek(cursor).kind === 'end') {
    return { is: 'parsed', expression: whole.expression, calls: cursor.calls };
  }
  expected(cursor, 'an operator or the end');
  return cursor.problem ?? wrong('expected a value', 1);
}

function readExpression(cursor: Cursor): Read {
  if (++cursor.depth > MOST_LEVELS) return tooDeep(cursor);
  const operands: Leveled[] = [];
  const operators: LogicOperator[] = [];
  do {
    const operand = readBinary(cursor, 0);
    if (operand === undefined) return undefined;
    operands.push(operand);
  } while (takeLogic(cursor, operators));
  cursor.depth--;
  const [first] = operands;
  if (operators.length === 0) return first;
  return above(cursor, { is: 'logic', operands: operands.map(bare), operators }, operands);
}

function takeLogic(cursor: Cursor, operators: LogicOperator[]): boolean {
  const operator = LOGIC.find((word) => takeWord(cursor, word));
  if (operator !== undefined) operators.push(operator);
  return operator !== undefined;
}

function readBinary(cursor: Cursor, level: number): Read {
  const operators = BINARY[level];
  if (operators === undefined) return readTests(cursor);
  let left = readBinary(cursor, level + 1);
  while (left !== undefined) {
    const { kind, text } = peek(cursor);
    const join = kind === 'symbol' ? operators.get(text) : undefined;
    if (join === undefined) return left;
    advance(cursor);
    const right = readBinary(cursor, level + 1);
    left = right && above(cursor, join(left.expression, right.expression), [left, right]);
  }
  return undefined;
}

/** A value and what may follow it: `LIKE 'pattern'` and `IN (set)`, either with NOT before it. */
function readTests(cursor: Cursor): Read {
  let operand = readUnary(cursor);
  while (operand !== undefined) {
    const negated = takeWord(cursor, 'NOT');
    let test: Read;
    if (takeWord(cursor, 'LIKE')) test = readPattern(cursor, operand);
    else if (takeWord(cursor, 'IN')) test = readSet(cursor, operand);
    else return negated ? expected(cursor, 'LIKE or IN') : operand;
    operand = negated && test ? above(cursor, { is: 'not', operand: test.expression }, [test]) : test;
  }
  return undefined;
}

function readPattern(cursor: Cursor, operand: Leveled): Read {
  const { kind, text } = peek(cursor);
  if (kind !== 'string') return expected(cursor, 'a pattern in quotation marks');
  advance(cursor);
  return above(cursor, { is: 'like', operand: operand.expression, pattern: text }, [operand]);
}

function readSet(cursor: Cursor, operand: Leveled): Read {
  if (!takeSymbol(cursor, '(')) return expected(cursor, '"("');
  const elements = readList(cursor);
  if (elements === undefined) return undefined;
  const expression: Expression = { is: 'in', operand: operand.expression, elements: elements.map(bare) };
  return above(cursor, expression, [operand, ...elements]);
}

/** A sign that touches digits is the literal's; any other minus is an operator. */
function readUnary(cursor: Cursor): Read {
  const is = takeWord(cursor, 'NOT') ? 'not' : !isSign(cursor) && takeSymbol(cursor, '-') ? 'negate' : undefined;
  if (is === undefined) return readValue(cursor);
  if (++cursor.depth > MOST_LEVELS) return tooDeep(cursor);
  const operand = readUnary(cursor);
  cursor.depth--;
  return operand && above(cursor, { is, operand: operand.expression }, [operand]);
}

function readValue(cursor: Cursor): Read {
  if (takeSymbol(cursor, '(')) {
    const inner = readExpression(cursor);
    return inner === undefined || takeSymbol(cursor, ')') ? inner : expected(cursor, 'an operator or ")"');
  }
  return isCall(cursor) ? readCall(cursor) : readAtom(cursor);
}

function isCall(cursor: Cursor): boolean {
  const { kind, text } = peek(cursor);
  return kind === 'word' && !isKeyword(text) && isSymbol(peek(cursor, 1), '(');
}

function readCall(cursor: Cursor): Read {
  const { text, column } = peek(cursor);
  const name = text.toUpperCase();
  if (!/^[A-Z][A-Z_]*$/.test(name)) return expected(cursor, 'a function, whose name is of letters and underscores,');
  cursor.at += 2;
  const args = takeSymbol(cursor, ')') ? [] : readList(cursor);
  if (args === undefined) return undefined;
  cursor.calls.push({ name, count: args.length, column });
  return above(cursor, { is: 'call', name, args: args.map(bare) }, args);
}

/** Expressions between commas, up to and with the closing parenthesis. */
function readList(cursor: Cursor): Leveled[] | undefined {
  const list: Leveled[] = [];
  do {
    const element = readExpression(cursor);
    if (element === undefined) return undefined;
    list.push(element);
  } while (takeSymbol(cursor, ','));
  return takeSymbol(cursor, ')') ? list : expected(cursor, '"," or ")"');
}

function comparison(operator: ComparisonOperator): Join {
  return (left, right) => ({ is: 'comparison', operator, left, right });
}

function arithmetic(operator: ArithmeticOperator): Join {
  return (left, right) => ({ is: 'arithmetic', operator, left, right });
}
