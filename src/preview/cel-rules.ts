import { celEnv, celFunc, celMethod, CelScalar, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { celValue } from './cel-value.ts';
import { isObject } from './check-schema.ts';
import { isWithin, parsePath, type Path, type Problem, shown, withoutSecrets } from './problem.ts';
import { isQuantity, quantitySize } from './quantity.ts';
import type { Rule, Schema } from './schema.ts';

type Evaluate = ReturnType<typeof plan>;

/** The functions of the API server's library (apiserver, pkg/cel/library) that our rules use and CEL itself lacks. */
const FUNCTIONS = [
  ...strings,
  celFunc('isQuantity', [CelScalar.STRING], CelScalar.BOOL, isQuantity),
  celFunc('quantity', [CelScalar.STRING], CelScalar.DOUBLE, quantitySize),
  celMethod('isLessThan', CelScalar.DOUBLE, [CelScalar.DOUBLE], CelScalar.BOOL, function (this: number, other: number) {
    return this < other;
  }),
];

/**
 * What the schema's own rules (`x-kubernetes-validations`) have against a value with its defaults. Where the form is
 * wrong no rule is asked, as it could only fail for that.
 * @param found what is wrong with the form
 */
export function createRules(): (value: unknown, schema: Schema, path: Path, found: readonly Problem[]) => Problem[] {
  const env = celEnv({ funcs: FUNCTIONS });
  const planned = new Map<string, Evaluate>();

  const evaluate = (expression: string, self: ReturnType<typeof celValue>): unknown => {
    const evaluated = planned.get(expression) ?? plan(env, parse(expression));
    planned.set(expression, evaluated);
    return evaluated({ self });
  };

  const messageOf = (rule: Rule, self: ReturnType<typeof celValue>, value: unknown): string => {
    const special = rule.messageExpression === undefined ? undefined : evaluate(rule.messageExpression, self);
    const message = withoutSecrets(typeof special === 'string' ? special : rule.message)
      .replaceAll(/\s+/g, ' ')
      .trim();
    const isShown = isObject(value) || Array.isArray(value) || message.includes('found');
    return isShown ? message : `${message}; found ${shown(value)}`;
  };

  const rulesOf = (value: unknown, schema: Schema, path: Path): Problem[] => {
    const rules = schema['x-kubernetes-validations'] ?? [];
    if (rules.length === 0) return [];
    const self = celValue(value, schema);
    return rules.flatMap((rule): Problem[] => {
      const result = evaluate(rule.rule, self);
      if (result === true) return [];
      const broken = isCelError(result) ? `; the rule could not be evaluated: ${result.message}` : '';
      const message = `${messageOf(rule, self, value)}${broken}`;
      return [{ path: [...path, ...parsePath(rule.fieldPath ?? '')], at: 'value', message }];
    });
  };

  const within = (value: unknown, schema: Schema, path: Path, found: readonly Problem[]): Problem[] => {
    const inside = found.filter((it) => isWithin(it.path, path));
    const own = inside.some(({ blocking }) => blocking === true) ? [] : rulesOf(value, schema, path);
    const members = childrenOf(value, schema).flatMap(([step, member, inner]) =>
      within(member, inner, [...path, step], inside),
    );
    return [...own, ...members];
  };
  return within;
}

function childrenOf(value: unknown, schema: Schema): (readonly [string | number, unknown, Schema])[] {
  const { items, properties = {}, additionalProperties } = schema;
  if (Array.isArray(value)) return items === undefined ? [] : value.map((item, i) => [i, item, items] as const);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const inner = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return inner === undefined ? [] : [[name, member, inner] as const];
  });
}
