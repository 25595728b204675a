import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type CelExpression, compileCel } from '../../../src/events/cel/cel.ts';
import { judgeBy } from '../../../src/events/conditions/when.ts';
import { anyObjectText } from '../shaping/any-object.ts';

function compiled(text: string): CelExpression {
  const expression = compileCel(text);
  if (expression.is === 'wrong') assert.fail(`${text}: ${expression.messages.join('; ')}`);
  return expression;
}

test('what an expression looks at of an object', () => {
  for (const [text, needs] of [
    ["object.status.phase == 'Running'", ['status.phase']],
    ["object.metadata.labels['app'] == object['spec'].a", ['metadata.labels.app', 'spec.a']],
    ['has(object.a.b) && object.a.b.c > 1', ['a.b', 'a.b.c']],
    ['object.a.exists(x, x.b == object.c[0])', ['a', 'c']],
    ['object.a[object.b] == 1', ['a', 'b']],
    ["'a' in object.metadata.labels", ['metadata.labels']],
    ['.object.a == 1', ['a']],
    ["type == 'add'", []],
    ['object == object', undefined],
    ["'a' in object", undefined],
    ['object.a == 1 || object.all(x, true)', undefined],
    ['object.a.all(object, object.b == 1)', undefined],
  ] as const) {
    assert.deepEqual(
      compiled(text).needs?.map((path) => path.join('.')),
      needs,
      text,
    );
  }
});

test('an expression is judged by what it looks at as by the whole object', () => {
  const values = [
    'object.metadata',
    'object.spec',
    'object.a',
    'object.b.a',
    "object.metadata['labels']",
    'object.data',
  ];
  const value = fc.oneof(
    fc.constantFrom(...values, 'object.kind', 'object.metadata.annotations', 'object.metadata.labels.a', '1', 'null'),
    fc.constantFrom(...values).chain((it) => fc.constantFrom(`${it}.a`, `${it}['b']`, `${it}[0]`, `${it}[object.a]`)),
  );
  const condition = fc.oneof(
    fc.tuple(value, fc.constantFrom('==', '!=', '<'), value).map((it) => it.join(' ')),
    fc.constantFrom(...values).map((it) => `has(${it.replace("['labels']", '.labels')})`),
    fc.tuple(value, fc.constantFrom(...values)).map(([a, b]) => `${a} in ${b}`),
    fc.tuple(fc.constantFrom(...values), value).map(([a, b]) => `${a}.exists(x, x == ${b})`),
  );
  const expression = fc.tuple(condition, fc.constantFrom('&&', '||'), condition).map((it) => it.join(' '));
  fc.assert(
    fc.property(expression, anyObjectText, (text, object) => {
      const it = compileCel(text);
      if (it.is === 'wrong') return;
      const judged: unknown[] = [];
      const verdict = judgeBy(it, (trouble) => judged.push(trouble))(Buffer.from(object), 'update');
      const whole = it.evaluate(JSON.parse(object), 'update');
      assert.deepEqual(judged[0] ?? verdict, whole, `${text} of ${object}`);
    }),
    { numRuns: 400 },
  );
});
