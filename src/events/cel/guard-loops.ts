import { SPEND } from './functions.ts';
import { below, type Node } from './tree.ts';

/**
 * Makes every loop pay for each turn before it takes it: as many steps as the turn evaluates nodes, without those of
 * the loops inside, which pay for themselves. Changes the tree.
 */
export function guardLoops(node: Node): void {
  const { once, repeated } = below(node);
  for (const child of [...once, ...repeated]) guardLoops(child);
  if (node.exprKind.case !== 'comprehensionExpr') return;
  const loop = node.exprKind.value;
  const { loopCondition } = loop;
  if (loopCondition === undefined) return;
  const steps = repeated.reduce((sum, child) => sum + turnOf(child), 0);
  const { id } = node;
  const paid = call(id, SPEND, [constant(id, { case: 'int64Value', value: BigInt(steps) })]);
  loop.loopCondition = call(id, '_?_:_', [paid, loopCondition, constant(id, { case: 'boolValue', value: false })]);
}

function turnOf(node: Node): number {
  return below(node).once.reduce((sum, child) => sum + turnOf(child), 1);
}

function call(id: bigint, name: string, args: Node[]): Node {
  return {
    $typeName: 'cel.expr.Expr',
    id,
    exprKind: { case: 'callExpr', value: { $typeName: 'cel.expr.Expr.Call', function: name, args } },
  };
}

type Constant = Extract<Node['exprKind'], { case: 'constExpr' }>['value'];

function constant(id: bigint, constantKind: Constant['constantKind']): Node {
  return {
    $typeName: 'cel.expr.Expr',
    id,
    exprKind: { case: 'constExpr', value: { $typeName: 'cel.expr.Constant', constantKind } },
  };
}
