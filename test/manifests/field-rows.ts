import { type Field, fieldsOf, type Schema, schemaOf } from './schema.ts';

/** What is the same in two places is told for the first one. */
const TOLD_ELSEWHERE = [
  'spec.namespaceSelector',
  'spec.delivery.deadLetterSink',
  'spec.filters[].all[]',
  'spec.filters[].any[]',
  'spec.filters[].not',
  'spec.adapter.resources.limits',
];
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  boolean: '`true`, `false`',
};

/** Rows `| path | what it can hold | what it means |` for the fields of spec or status, in the order of the schema. */
export function fieldRows(part: 'spec' | 'status'): readonly string[] {
  return fieldsToTell()
    .filter(({ path }) => path.startsWith(`${part}.`) && !path.endsWith('[]') && !path.endsWith('.*'))
    .map(({ path, schema }) => `| \`${path}\` | ${holds(schema)} | ${schema.description ?? ''} |`);
}

/** Rows `| what is told | where |` for the rules in CEL, those with the same sentence in one row. */
export function ruleRows(): readonly string[] {
  const root = schemaOf();
  const spec = root.properties?.['spec'] ?? {};
  const fields = [{ path: 'metadata.name', schema: root }, { path: 'spec', schema: spec }, ...fieldsToTell()];
  const told = fields.flatMap(({ path, schema }) =>
    messagesOf(schema).map((message) => ({ path: `\`${path}\``, message })),
  );
  return [...Map.groupBy(told, ({ message }) => message)].map(
    ([message, where]) => `| ${message} | ${where.map(({ path }) => path).join(', ')} |`,
  );
}

function fieldsToTell(): readonly Field[] {
  return fieldsOf(schemaOf()).filter(({ path }) => !TOLD_ELSEWHERE.some((place) => path.startsWith(`${place}.`)));
}

function messagesOf(schema: Schema): readonly string[] {
  return ((schema['x-kubernetes-validations'] ?? []) as { message: string }[]).map(({ message }) => message);
}

function holds(schema: Schema): string {
  const { type, items, additionalProperties: values, enum: choice } = schema;
  if (items !== undefined) return `list${range(schema, 'minItems', 'maxItems')} of ${holdsInside(items)}`;
  if (values !== undefined) return `map${range(schema, 'minProperties', 'maxProperties')} of ${holdsInside(values)}`;
  if (choice !== undefined) return choice.map((value) => `\`${String(value)}\``).join(', ');
  if (type === undefined) return 'quantity';
  const [from, to] = type === 'string' ? ['minLength', 'maxLength'] : ['minimum', 'maximum'];
  return `${KINDS[type] ?? type}${range(schema, from ?? '', to ?? '')}`;
}

function holdsInside({ type = '', enum: choice }: Schema): string {
  return choice === undefined ? (KINDS[type] ?? type) : choice.map((value) => `\`${String(value)}\``).join(', ');
}

function range(schema: Schema, from: string, to: string): string {
  const [least, most] = [schema[from], schema[to]];
  if (typeof most !== 'number') return '';
  return typeof least === 'number' ? ` (${least} to ${most})` : ` (at most ${most})`;
}
