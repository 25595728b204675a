import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRules } from '../../src/preview/cel-rules.ts';
import { defaulted } from '../../src/preview/defaulted.ts';
import type { Schema } from '../../src/preview/schema.ts';

const rules = createRules();
const text: Schema = { type: 'string' };

function holds(rule: string, value: unknown, schema: Schema): boolean {
  const asked = { ...schema, 'x-kubernetes-validations': [{ rule, message: 'no' }] };
  return rules(value, asked, [], []).length === 0;
}

test('a rule sees a value as the API server shows it', () => {
  const named: Schema = {
    type: 'object',
    properties: { namespace: text, 'ephemeral-storage': text, a__b: text, count: { type: 'integer' } },
  };
  assert.ok(holds("self.__namespace__ == 'shop'", { namespace: 'shop' }, named));
  assert.ok(holds("self.ephemeral__dash__storage == '1'", { 'ephemeral-storage': '1' }, named));
  assert.ok(holds("self.a__underscores__b == '1'", { a__b: '1' }, named));
  assert.ok(holds('!has(self.count)', {}, named));
  assert.ok(holds('type(self.count) == int && self.count == 3', { count: 3 }, named));
  const map: Schema = { type: 'object', additionalProperties: text };
  assert.ok(holds("self['namespace'] == 'a' && 'a-b' in self", { namespace: 'a', 'a-b': 'b' }, map));
  assert.ok(holds('self == 1.0', 1, { type: 'number' }));
  assert.ok(holds('type(self) == string', 'a', { 'x-kubernetes-int-or-string': true }));
  assert.ok(holds("isQuantity(self) && !quantity(self).isLessThan(quantity('1k'))", '1Ki', text));
});

test('a rule that does not hold is told where its fieldPath says', () => {
  const schema: Schema = {
    type: 'object',
    properties: { a: text },
    'x-kubernetes-validations': [
      { rule: "self.a == 'b'", messageExpression: "'expected b; found ' + self.a", message: 'no', fieldPath: '.a' },
    ],
  };
  assert.deepEqual(rules({ a: 'c' }, schema, ['it'], []), [
    { path: ['it', 'a'], at: 'value', message: 'expected b; found c' },
  ]);
});

test('a rule that cannot be evaluated does not hold, and says so', () => {
  const schema: Schema = { type: 'object', properties: { a: text } };
  const asked = { ...schema, 'x-kubernetes-validations': [{ rule: 'self.b == 1', message: 'expected b' }] };
  assert.match(rules({}, asked, [], [])[0]?.message ?? '', /^expected b; the rule could not be evaluated: /);
});

test('around what has a wrong form no rule is asked, elsewhere they are', () => {
  const never = [{ rule: 'false', message: 'asked' }];
  const schema: Schema = {
    type: 'object',
    'x-kubernetes-validations': never,
    properties: {
      a: { type: 'object', 'x-kubernetes-validations': never, properties: { b: text } },
      c: { ...text, 'x-kubernetes-validations': never },
    },
  };
  const form = { path: ['a', 'b'], at: 'value', message: 'expected a text', blocking: true } as const;
  const found = rules({ a: { b: 1 }, c: 'd' }, schema, [], [form]);
  assert.deepEqual(
    found.map(({ path }) => path),
    [['c']],
  );
});

test('defaults are filled in, and nulls that may not be are left out, but not of lists', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      mode: { ...text, default: 'Reference' },
      note: text,
      kept: { ...text, nullable: true },
      inner: { type: 'object', properties: { on: { type: 'boolean', default: true } } },
      list: { type: 'array', items: { type: 'object', properties: { a: { ...text, default: 'b' } } } },
    },
  };
  assert.deepEqual(defaulted({ mode: null, note: null, kept: null, inner: {}, list: [{}, null] }, schema), {
    mode: 'Reference',
    kept: null,
    inner: { on: true },
    list: [{ a: 'b' }, null],
  });
  assert.deepEqual(defaulted({}, schema), { mode: 'Reference' });
});
