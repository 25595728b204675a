import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CelExpression, compileCel } from '../../../src/events/cel/cel.ts';

const OBJECT = {
  kind: 'Deployment',
  metadata: {
    name: 'web-1',
    labels: { app: 'web', constructor: 'x', 'example.com/team': 'a' },
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: {
    replicas: 3,
    ratio: 1.5,
    large: 2 ** 53,
    paused: null,
    ports: [80, 443],
    template: { a: 1, b: [1, { c: 2 }] },
    copy: { b: [1, { c: 2 }], a: 1 },
  },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
};

function compiled(text: string): CelExpression {
  const expression = compileCel(text);
  if (expression.is === 'wrong') assert.fail(`${text}: ${expression.messages.join('; ')}`);
  return expression;
}

test('an expression sees the object as the API server’s own expressions do', () => {
  for (const [text, value] of [
    ['object.spec.replicas > 2', true],
    ['object.spec.replicas + 1 == 4 && object.spec.replicas % 2 == 1', true],
    ['object.spec.replicas == 3.0 && object.spec.ratio > 1', true],
    ['object.spec.ratio * 2.0 == 3.0', true],
    ['object.spec.paused == null', true],
    ["object.metadata.labels['example.com/team'] == 'a'", true],
    ["'app' in object.metadata.labels && !('tier' in object.metadata.labels)", true],
    ["object.metadata.labels.constructor == 'x'", true],
    ['has(object.metadata.labels) && !has(object.metadata.annotations)', true],
    ['443 in object.spec.ports && !(22 in object.spec.ports)', true],
    ['object.spec.template == object.spec.copy && object.spec.template != object.spec', true],
    ["object.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')", true],
    ['object.spec.ports.map(p, p * 2) == [160, 886] && object.spec.ports.filter(p, p > 80).size() == 1', true],
    ['object.spec.ports.exists_one(p, p > 80) && object.spec.ports.all(p, p < 1024)', true],
    ["object.metadata.labels.exists(name, name.startsWith('example.com/'))", true],
    ["object.metadata.name.matches('^web-[0-9]+$') && object.metadata.name.contains('b-')", true],
    ["timestamp(object.metadata.creationTimestamp) < timestamp('2026-02-01T00:00:00Z')", true],
    ["timestamp(object.metadata.creationTimestamp).getFullYear() == 2026 && duration('1h') > duration('5m')", true],
    ['size(object.metadata.name) == 5 && type(object.spec) == map && type(object.kind) == string', true],
    ["type == 'update' ? true : object.nothing", true],
    ['object.spec.replicas > 3', false],
    ["object.spec.replicas == '3'", false],
    ["type == 'add'", false],
  ] as const) {
    assert.equal(compiled(text).evaluate(OBJECT, 'update'), value, text);
  }
});

test('what comes to nothing says why', () => {
  for (const [text, trouble] of [
    ['object.spec.nothing == 1', 'missing'],
    ['object.nothing.else', 'missing'],
    ['object.spec.ports[5] == 1', 'missing'],
    ["object.spec.replicas > '3'", 'overload'],
    ['!object.spec.replicas', 'overload'],
    // Larger than JSON.parse can tell exactly, so it stays a double.
    ['object.spec.large + 1 > 0', 'overload'],
    ['object.spec.replicas', 'notBoolean'],
    ['object.spec', 'notBoolean'],
    ['1 / 0 == 1', 'value'],
    ['int(object.metadata.name) == 1', 'value'],
  ] as const) {
    assert.equal(compiled(text).evaluate(OBJECT, 'update'), trouble, text);
  }
  // As in all of CEL, what is decided without an error is decided.
  assert.equal(compiled('object.nothing || true').evaluate(OBJECT, 'update'), true);
});

test('what is no object at all comes to nothing', () => {
  for (const value of [null, 1, 'text', [], true]) {
    assert.equal(compiled('object.spec == 1').evaluate(value, 'add'), 'missing', JSON.stringify(value));
  }
});

test('an expression that could mean nothing is refused, and it is said where and what instead', () => {
  for (const [text, ...messages] of [
    ['', /^expected an expression of CEL; what follows column 1 cannot be understood$/],
    ['object.spec ==', /what follows column 13 cannot be understood$/],
    ['object.spec..x', /what follows column 12 cannot be understood$/],
    ['true &&\n  (', /line 1, column|column/],
    ['spec.replicas > 3', /^expected object or type, found spec \(column 1\)$/],
    ['true\n && other', /^expected object or type, found other \(line 2, column 5\)$/],
    [
      'object.spec != oldObject.spec',
      /^expected object or type; oldObject is not there, .* trigger: Transition.*\(column 16\)$/,
    ],
    ['object.spec.ports.all(p, q > 1)', /found q \(column 26\)$/],
    ['isTrue(object)', /^expected a function of CEL, found isTrue \(column 1\)$/],
    ['object.spec.isTrue()', /found isTrue/],
    ['x.y(object) && z', /found y/, /found x/, /found z/],
    ['google.protobuf.Timestamp{} == null', /is not known/],
    ["'a' + 'b'", /^expected an expression that yields true or false \(column 4\)$/],
    ["'true'", /yields true or false/],
    ['[true]', /yields true or false/],
    ['object.spec.ports.filter(p, true)', /yields true or false/],
    ['size(object)', /yields true or false/],
    ['object.a.matches(object.b)', /^expected a regular expression in quotes after matches \(column \d+\)$/],
    ["object.a.matches('(')", /^expected a regular expression as of RE2 \(/],
    ["object.a.matches('(?=a)')", /as of RE2/],
    ["object.a.matches('(a{20}){20}')", /at most 100 counted repetitions/],
    [`object.a.matches('${'a'.repeat(257)}')`, /at most 256 characters/],
    [`object.a == '${'a'.repeat(4_096)}'`, /^expected at most 4096 characters, found 4110$/],
    [`${'('.repeat(3_000)}true${')'.repeat(1_000)}`, /deeply nested|cannot be understood/],
    [`1${'+1'.repeat(100)} == 1`, /^expected at most 64 levels/],
    [`true${' && true'.repeat(400)}`, /^expected at most 512 names, values and operators, found 801 /],
    ['object.a.all(a, a.all(b, b.all(c, c.all(d, d))))', /^expected at most 3 loops in each other \(column \d+\)$/],
  ] as const) {
    const result = compileCel(text);
    assert.ok(result.is === 'wrong', text);
    assert.equal(result.messages.length, messages.length, `${text}: ${result.messages.join('; ')}`);
    for (const [i, wanted] of messages.entries()) assert.match(result.messages[i] ?? '', wanted);
  }
});

const HUGE = {
  numbers: Array.from({ length: 20_000 }, (_, i) => i),
  objects: Array.from({ length: 3_000 }, (_, i) => ({ i, name: 'x', list: [i, [i, { i }]] })),
  members: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`m${i}`, i])),
  text: 'a'.repeat(1_000_000),
  digits: '9'.repeat(1_000_000),
};

test('whatever an object holds, an evaluation ends soon: it costs too much', () => {
  for (const text of [
    'object.numbers.all(a, object.numbers.all(b, a + b >= 0))',
    'object.objects.exists(a, object.objects.exists(b, a == b && a.i == -1))',
    'object.objects.exists(a, object.objects == object.objects && a.i == -1)',
    'object.numbers.exists(a, a in object.numbers && a == -1)',
    'object.numbers.exists(a, object.numbers[0] == -1)',
    'object.members.exists(a, object.members.size() == 0)',
    'object.members.all(a, object.members == object.members)',
    'object.objects.all(a, !object.text.contains("b"))',
    'object.objects.all(a, !object.text.matches("b"))',
    'object.objects.all(a, size(object.text) > 0)',
    'object.objects.all(a, bytes(object.text) != b"b")',
    'object.objects.all(a, object.text < object.digits || true)',
    'object.objects.all(a, a.name.matches("^(x|y|[a-z]{50})$"))',
    'object.objects.all(a, timestamp("2026-01-01T00:00:00Z").getHours("Europe/Berlin") >= 0)',
    'object.numbers.map(a, [a, a]).map(a, a).size() > 0',
    `[object.text]${'.map(x, x + x)'.repeat(20)}[0].size() > 0`,
    `[object.numbers]${'.map(x, x + x)'.repeat(20)}[0].size() > 0`,
    // It must not get away with it.
    'object.numbers.all(a, object.numbers.all(b, a + b >= 0)) || true',
  ]) {
    assert.equal(compiled(text).evaluate(HUGE, 'add'), 'cost', text);
  }
  assert.equal(compiled('int(object.digits) > 0').evaluate(HUGE, 'add'), 'value', 'not even tried');
});

test('a pattern that takes other engines for ever is searched for once through the text, or costs too much', () => {
  const object = { text: `${'a'.repeat(5_000)}!`, long: 'ab'.repeat(30_000), name: 'web-1' };
  for (const [pattern, found] of [
    ['^(a+)+$', false],
    ['(a|aa)+$', false],
    ['^(a*)*b', false],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', false],
    ['(.*)(.*)(.*)(.*)(.*)[^!]$', false],
    ['^(a+)+!$', true],
  ] as const)
    assert.equal(compiled(`object.text.matches('${pattern}')`).evaluate(object, 'add'), found, pattern);
  for (const pattern of ['(a|b)*a(a|b){99}$', '(a?b?){50}c', '^(a+)+$|^(b+)+$'])
    assert.equal(compiled(`object.long.matches('${pattern}')`).evaluate(object, 'add'), 'cost', pattern);
});

test('a pattern means the same for every text that it is held against, one after the other', () => {
  const expression = compiled("object.a.matches('^x+$') && object.b.matches('y') && !object.a.matches('y')");
  for (const [a, b, value] of [
    ['xx', 'ayb', true],
    ['xy', 'ayb', false],
    ['x', '', false],
    ['xxx', 'y', true],
    ['\ud800', 'y', false],
  ] as const)
    assert.equal(expression.evaluate({ a, b }, 'add'), value, `${a} ${b}`);
});

test('an error while an expression is evaluated has a stack again afterwards', () => {
  const before = Error.stackTraceLimit;
  assert.equal(compiled('object.nothing == 1').evaluate({}, 'add'), 'missing');
  assert.equal(Error.stackTraceLimit, before);
});

test('an evaluation begins with nothing spent, and lists of a usual size are gone through', () => {
  const thousand = { items: HUGE.objects.slice(0, 1_000), other: HUGE.numbers.slice(0, 30) };
  const expression = compiled('object.items.all(a, a.name == "x" && !(-1 in object.other))');
  for (let i = 0; i < 5; i++) assert.equal(expression.evaluate(thousand, 'add'), true);
  assert.equal(compiled('object.items.filter(a, a.i > 5).size() == 994').evaluate(thousand, 'add'), true);
});
