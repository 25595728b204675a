import type { Expression } from '../../../src/events/cesql/syntax.ts';

/** The expression as text, every operation in parentheses of its own, so that nothing is left to precedence. */
export function printed(expression: Expression): string {
  switch (expression.is) {
    case 'literal':
      return typeof expression.value === 'string' ? quoted(expression.value) : String(expression.value);
    case 'attribute':
      return expression.name;
    case 'exists':
      return `(EXISTS ${expression.name})`;
    case 'call':
      return `${expression.name}(${expression.args.map(printed).join(', ')})`;
    case 'not':
      return `(NOT ${printed(expression.operand)})`;
    case 'negate':
      return `(- ${printed(expression.operand)})`;
    case 'like':
      return `(${printed(expression.operand)} LIKE ${quoted(expression.pattern)})`;
    case 'in':
      return `(${printed(expression.operand)} IN (${expression.elements.map(printed).join(', ')}))`;
    case 'arithmetic':
    case 'comparison':
      return `(${printed(expression.left)} ${expression.operator} ${printed(expression.right)})`;
    case 'logic':
      return expression.operands
        .map(printed)
        .reduceRight((right, left, index) => `(${left} ${expression.operators[index] ?? ''} ${right})`);
  }
}

/** CESQL can say any text in which no backslash stands before a quotation mark or at the end. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
