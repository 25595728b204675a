import type { FieldPath } from '../shaping/field-path.ts';
import { below, type Node } from './tree.ts';

/** What an expression looks at of `object`: paths to values that it may look at whole. Undefined: all of it. */
export function needsOf(root: Node): readonly FieldPath[] | undefined {
  const paths = new Map<string, FieldPath>();
  let all = false;
  const visit = (node: Node): void => {
    const path = pathOf(node);
    if (path !== undefined) {
      if (path.length === 0) all = true;
      paths.set(JSON.stringify(path), path);
      return;
    }
    // A loop can give the name to another value; there are better ones.
    if (node.exprKind.case === 'comprehensionExpr' && node.exprKind.value.iterVar === OBJECT) all = true;
    const { once, repeated } = below(node);
    for (const child of [...once, ...repeated]) visit(child);
  };
  visit(root);
  return all ? undefined : [...paths.values()];
}

const OBJECT = 'object';

/** The path of `object.a['b'].c`, or of a test whether it is there; undefined of everything else. */
function pathOf({ exprKind }: Node): FieldPath | undefined {
  switch (exprKind.case) {
    case 'identExpr':
      return exprKind.value.name.replace(/^\./, '') === OBJECT ? [] : undefined;
    case 'selectExpr':
      return joined(exprKind.value.operand, exprKind.value.field);
    case 'callExpr': {
      const { function: name, args } = exprKind.value;
      return name === '_[_]' ? joined(args[0], textOf(args[1])) : undefined;
    }
    default:
      return undefined;
  }
}

function joined(operand: Node | undefined, name: string | undefined): FieldPath | undefined {
  const path = operand === undefined || name === undefined ? undefined : pathOf(operand);
  return path === undefined || name === undefined ? undefined : [...path, name];
}

function textOf(node: Node | undefined): string | undefined {
  const constant = node?.exprKind.case === 'constExpr' ? node.exprKind.value.constantKind : undefined;
  return constant?.case === 'stringValue' ? constant.value : undefined;
}
