import { type CelResult, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import type { ChangeType } from '../../watch/change.ts';
import type { FieldPath } from '../shaping/field-path.ts';
import { type Budget, createBudget } from './budget.ts';
import { checkTree, variablesOf } from './check.ts';
import { pricedFunctions } from './functions.ts';
import { guardLoops } from './guard-loops.ts';
import { needsOf } from './needs.ts';
import { viewOf } from './json-view.ts';
import type { Node, Parsed } from './tree.ts';
import type { CelTrouble } from './trouble.ts';

/** An expression ready for any number of objects. */
export interface CelExpression {
  readonly is: 'compiled';
  readonly text: string;
  /** Whether its value depends on what happened to the object, besides on the object. */
  readonly usesType: boolean;
  /** What it looks at of the object, and nothing else; undefined: all of it. */
  readonly needs: readonly FieldPath[] | undefined;
  /** True or false, or why neither. */
  readonly evaluate: (object: unknown, type: ChangeType) => boolean | CelTrouble;
}

export interface WrongCel {
  readonly is: 'wrong';
  /** What was expected where, clauses without a full stop. */
  readonly messages: readonly string[];
}

/** As many as the CRD lets pass. */
const MOST_CHARACTERS = 4_096;
const MOST_MESSAGES = 5;

/**
 * Compiles an expression of CEL over `object` and `type`, with the standard functions and macros
 * (github.com/google/cel-spec, langdef.md). What it costs to evaluate is bounded, whatever the object.
 */
export function compileCel(text: string): CelExpression | WrongCel {
  if (text.length > MOST_CHARACTERS)
    return { is: 'wrong', messages: [`expected at most ${MOST_CHARACTERS} characters, found ${text.length}`] };
  const parsed = tryToParse(text);
  if (typeof parsed === 'string') return { is: 'wrong', messages: [parsed] };
  const { expr, sourceInfo } = parsed;
  if (expr === undefined) return { is: 'wrong', messages: ['expected an expression'] };
  const problems = checkTree(expr).map(
    ({ node, message }) => `${message} (${place(text, sourceInfo?.positions[String(node.id)] ?? 0)})`,
  );
  if (problems.length > 0) return { is: 'wrong', messages: [...new Set(problems)].slice(0, MOST_MESSAGES) };
  const usesType = variablesOf(expr).has('type');
  return { is: 'compiled', text, usesType, needs: needsOf(expr), evaluate: evaluator(expr) };
}

function evaluator(expr: Node): CelExpression['evaluate'] {
  const budget = createBudget();
  guardLoops(expr);
  const run = plan(celEnv({ funcs: pricedFunctions(budget) }), expr);
  return (object, type) => {
    budget.begin();
    return verdict(
      withoutStacks(() => run({ object: viewOf(object, budget), type })),
      budget,
    );
  };
}

/** A field that is missing makes the library an Error, and the stack of one takes longer than all the rest. */
function withoutStacks(evaluate: () => CelResult): CelResult {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return evaluate();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function verdict(result: CelResult, budget: Budget): boolean | CelTrouble {
  // An operator may have swallowed the error that ended a loop.
  if (budget.isExhausted()) return 'cost';
  if (isCelError(result)) return troubleOf(result.message);
  return typeof result === 'boolean' ? result : 'notBoolean';
}

/** By the library's sentences, which say no more than this of the object and less of the reason. */
function troubleOf(message: string): CelTrouble {
  if (/^(?:field not found|index .* out of bounds|unresolved attribute)/.test(message)) return 'missing';
  return /^(?:found no matching overload|type mismatch)/.test(message) ? 'overload' : 'value';
}

function tryToParse(text: string): Parsed | string {
  try {
    return parse(text);
  } catch (error) {
    const found = offsetOf(error);
    if (found === undefined) return 'expected an expression of CEL that is not so deeply nested';
    return `expected an expression of CEL; what follows ${place(text, found)} cannot be understood`;
  }
}

/** The parser's errors say where it stopped; others come from the stack's end or from a value that cannot be. */
function offsetOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('location' in error)) return undefined;
  const { location } = error as { location?: { start?: { offset?: unknown } } };
  const offset = location?.start?.offset;
  return typeof offset === 'number' ? offset : undefined;
}

function place(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  const column = `column ${(before.at(-1)?.length ?? 0) + 1}`;
  return before.length === 1 ? column : `line ${before.length}, ${column}`;
}
