import { FUNCTION_NAMES } from './functions.ts';
import { patternProblem } from './pattern.ts';
import { below, type Node } from './tree.ts';

/** What is wrong at a node: what was expected there, a clause without a full stop. */
interface NodeProblem {
  readonly node: Node;
  readonly message: string;
}

/** The names that an expression may use. */
const VARIABLES: ReadonlySet<string> = new Set(['object', 'type']);

const MOST_NODES = 512;
const MOST_NESTING = 64;
const MOST_LOOPS = 3;
/** Types, as `type(object.spec) == map`. */
const TYPE_NAMES = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type']);

/** Whatever makes an expression one that cannot be evaluated, or at no bounded cost. */
export function checkTree(root: Node): NodeProblem[] {
  const problems: NodeProblem[] = [];
  let nodes = 0;
  let deepest: Node | undefined;

  const visit = (node: Node, names: ReadonlySet<string>, nesting: number, loops: number): void => {
    nodes++;
    if (nesting > MOST_NESTING) {
      deepest ??= node;
      return;
    }
    const message = problemOf(node, names);
    if (message !== undefined) problems.push({ node, message });
    const { once, repeated } = below(node);
    for (const child of once) visit(child, withResult(node, names), nesting + 1, loops);
    if (repeated.length === 0) return;
    if (loops === MOST_LOOPS) problems.push({ node, message: `expected at most ${MOST_LOOPS} loops in each other` });
    else for (const child of repeated) visit(child, withLoop(node, names), nesting + 1, loops + 1);
  };

  visit(root, VARIABLES, 1, 0);
  if (deepest !== undefined)
    problems.push({ node: deepest, message: `expected at most ${MOST_NESTING} levels of an expression` });
  if (nodes > MOST_NODES)
    problems.push({
      node: root,
      message: `expected at most ${MOST_NODES} names, values and operators, found ${nodes}`,
    });
  if (!mayBeBoolean(root)) problems.push({ node: root, message: 'expected an expression that yields true or false' });
  return problems;
}

/** The variables that an expression uses. */
export function variablesOf(root: Node): Set<string> {
  const names = new Set<string>();
  const visit = (node: Node): void => {
    if (node.exprKind.case === 'identExpr') names.add(plainName(node.exprKind.value.name));
    const { once, repeated } = below(node);
    for (const child of [...once, ...repeated]) visit(child);
  };
  visit(root);
  return names;
}

function problemOf({ exprKind }: Node, names: ReadonlySet<string>): string | undefined {
  switch (exprKind.case) {
    case 'identExpr':
      return nameProblem(exprKind.value.name, names);
    case 'callExpr':
      return callProblem(exprKind.value);
    case 'structExpr':
      return exprKind.value.messageName === ''
        ? undefined
        : `expected no message; the type ${exprKind.value.messageName} is not known`;
    default:
      return undefined;
  }
}

function nameProblem(name: string, names: ReadonlySet<string>): string | undefined {
  const plain = plainName(name);
  if (names.has(plain) || TYPE_NAMES.has(plain)) return undefined;
  return plain === 'oldObject'
    ? 'expected object or type; oldObject is not there, since no object is kept. For what an expression changes to, use trigger: Transition; for which part changed, use changes'
    : `expected object or type, found ${plain}`;
}

type Call = Extract<Node['exprKind'], { case: 'callExpr' }>['value'];

const BUILT_IN = new Set(['_?_:_', '_&&_', '_||_', '_[_]', '@not_strictly_false']);

function callProblem({ function: name, args }: Call): string | undefined {
  if (!FUNCTION_NAMES.has(name) && !BUILT_IN.has(name)) return `expected a function of CEL, found ${name}`;
  return name === 'matches' ? argumentProblem(args.at(-1)) : undefined;
}

/** Only of a pattern that is written in the expression is it known what it takes. */
function argumentProblem(argument: Node | undefined): string | undefined {
  const constant = argument?.exprKind.case === 'constExpr' ? argument.exprKind.value.constantKind : undefined;
  if (constant?.case !== 'stringValue') return 'expected a regular expression in quotes after matches';
  return patternProblem(constant.value);
}

/** Text, numbers, lists and maps cannot. */
function mayBeBoolean({ exprKind }: Node): boolean {
  switch (exprKind.case) {
    case 'constExpr':
      return exprKind.value.constantKind.case === 'boolValue';
    case 'listExpr':
    case 'structExpr':
      return false;
    case 'callExpr':
      return !NO_BOOLEANS.has(exprKind.value.function);
    case 'comprehensionExpr':
      return exprKind.value.accuInit?.exprKind.case !== 'listExpr';
    default:
      return true;
  }
}

const NO_BOOLEANS = new Set(
  '_+_ _-_ _*_ _/_ _%_ -_ size int uint double string bytes timestamp duration type'.split(' '),
);

function withLoop(node: Node, names: ReadonlySet<string>): ReadonlySet<string> {
  if (node.exprKind.case !== 'comprehensionExpr') return names;
  return new Set([...names, node.exprKind.value.accuVar, node.exprKind.value.iterVar]);
}

function withResult(node: Node, names: ReadonlySet<string>): ReadonlySet<string> {
  return node.exprKind.case === 'comprehensionExpr' ? new Set([...names, node.exprKind.value.accuVar]) : names;
}

/** A leading dot says that a name is not relative to anything, as none is here. */
function plainName(name: string): string {
  return name.startsWith('.') ? name.slice(1) : name;
}
