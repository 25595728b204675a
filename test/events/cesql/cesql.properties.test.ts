import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileCesql } from '../../../src/events/cesql/cesql.ts';
import { compileExpression } from '../../../src/events/cesql/evaluate.ts';
import { parseCesql } from '../../../src/events/cesql/parse.ts';
import { isFailure, isInteger, typeOf } from '../../../src/events/cesql/value.ts';
import type { CloudEvent } from '../../../src/events/cloud-event.ts';
import { anyText } from '../../support/json-text.ts';
import { anyEvent } from '../any-event.ts';
import { anyExpression, anyWords } from './any-expression.ts';
import { printed } from './print.ts';

const EVENT: CloudEvent = {
  id: 'e-1',
  source: 's',
  type: 'dev.knative.apiserver.resource.add',
  extensions: { kind: 'Pod', recovered: true, attempts: 3 },
};

test('no text makes the parser throw, and what it refuses it refuses at a column of the text', () => {
  const broken = fc.tuple(anyExpression, fc.nat(), fc.nat(3), anyText(2)).map(([expression, at, length, text]) => {
    const whole = printed(expression);
    const start = at % (whole.length + 1);
    return whole.slice(0, start) + text + whole.slice(start + length);
  });
  fc.assert(
    fc.property(fc.oneof(anyText(20), anyWords, broken), (text) => {
      const compiled = compileCesql(text);
      if (compiled.is === 'compiled') return;
      assert.ok(compiled.column >= 1 && compiled.column <= text.length + 1, compiled.sentence);
      assert.match(compiled.sentence, /^expected /);
    }),
    { numRuns: 500 },
  );
});

test('a printed expression is parsed to the same expression', () => {
  fc.assert(
    fc.property(anyExpression, (expression) => {
      const text = printed(expression);
      const parsed = parseCesql(text);
      assert.ok(parsed.is === 'parsed', text);
      assert.equal(printed(parsed.expression), text);
      const [direct, again] = [expression, parsed.expression].map((it) => compileExpression(it).evaluate(EVENT));
      assert.deepEqual(again, direct);
    }),
    { numRuns: 300 },
  );
});

test('an evaluation never throws, and yields a value of the type that was told', () => {
  fc.assert(
    fc.property(anyExpression, anyEvent(), (expression, event) => {
      const { yields, evaluate } = compileExpression(expression);
      const result = evaluate(event);
      const value = isFailure(result) ? result.value : result;
      if (yields !== 'Any') assert.equal(typeOf(value), yields);
      assert.ok(typeof value !== 'number' || (isInteger(value) && !Object.is(value, -0)), String(value));
    }),
    { numRuns: 300 },
  );
});

test('an evaluation leaves the event as it was, and comes to the same a second time', () => {
  fc.assert(
    fc.property(anyExpression, anyEvent(), (expression, event) => {
      const before = { ...event, extensions: { ...event.extensions } };
      const { evaluate } = compileExpression(expression);
      const first = evaluate(event);
      assert.deepEqual(event, before);
      assert.deepEqual(evaluate(event), first);
    }),
    { numRuns: 100 },
  );
});
