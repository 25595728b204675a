import type { parse } from '@bufbuild/cel';

export type Parsed = ReturnType<typeof parse>;
/** A node of a parsed expression. */
export type Node = NonNullable<Parsed['expr']>;

/** The nodes right below one, those that a loop repeats apart from those that are evaluated once. */
export interface Below {
  readonly once: readonly Node[];
  readonly repeated: readonly Node[];
}

export function below({ exprKind }: Node): Below {
  switch (exprKind.case) {
    case 'selectExpr':
      return once(exprKind.value.operand);
    case 'callExpr':
      return once(exprKind.value.target, ...exprKind.value.args);
    case 'listExpr':
      return once(...exprKind.value.elements);
    case 'structExpr':
      return once(
        ...exprKind.value.entries.flatMap(({ keyKind, value }) => [
          keyKind.case === 'mapKey' ? keyKind.value : undefined,
          value,
        ]),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, result, loopCondition, loopStep } = exprKind.value;
      return { ...once(iterRange, accuInit, result), repeated: present([loopCondition, loopStep]) };
    }
    default:
      return once();
  }
}

function once(...nodes: (Node | undefined)[]): Below {
  return { once: present(nodes), repeated: [] };
}

function present(nodes: readonly (Node | undefined)[]): Node[] {
  return nodes.filter((node) => node !== undefined);
}
