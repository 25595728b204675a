import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCel } from '../../../src/events/cel/cel.ts';
import type { CelTrouble } from '../../../src/events/cel/trouble.ts';
import type { Condition } from '../../../src/events/conditions/condition.ts';
import { onTransition } from '../../../src/events/conditions/on-transition.ts';
import { type Judge, judgeBy, whenTrue } from '../../../src/events/conditions/when.ts';
import type { Change } from '../../../src/watch/change.ts';
import { changeOf } from '../changes.ts';

function judge(text: string, troubles: CelTrouble[] = []): Judge {
  const expression = compileCel(text);
  assert.ok(expression.is === 'compiled');
  return judgeBy(expression, (it) => troubles.push(it));
}

/** `update a {"n":4}`; without a body: a delete that was found by comparison. */
function change(sentence: string): Change {
  const [type, uid = '', ...body] = sentence.split(' ');
  assert.ok(type === 'add' || type === 'update' || type === 'delete');
  return changeOf({
    type,
    object: { namespace: 'shop', name: uid, uid, resourceVersion: '1' },
    body: body.length === 0 ? undefined : Buffer.from(body.join(' ')),
  });
}

function check(
  condition: Condition,
  ...steps: readonly (readonly [sentence: string, holds: boolean | 'seen'])[]
): void {
  for (const [sentence, holds] of steps) {
    const { object, body } = change(sentence);
    if (holds === 'seen') condition.sees?.(object, body ?? Buffer.from(''));
    else assert.equal(condition.holds(change(sentence)), holds, sentence);
  }
}

test('a change holds when the expression is true, and a delete of which no state is known', () => {
  check(
    whenTrue(judge("object.n > 3 || type == 'add'")),
    ['add a {"n":1}', true],
    ['update a {"n":1}', false],
    ['update a {"n":4}', true],
    ['delete a {"n":4}', true],
    ['delete a {"n":1}', false],
    ['delete a', true],
  );
});

test('what comes to nothing does not hold, and is told by its kind', () => {
  const troubles: CelTrouble[] = [];
  check(
    whenTrue(judge('object.n > 3', troubles)),
    ['update a {}', false],
    ['update a {"n":"4"}', false],
    ['update a {"n":4', false],
    ['update a {"n":4}', true],
  );
  assert.deepEqual(troubles, ['missing', 'overload', 'malformed']);
});

test('a transition is told both ways and once, for each object by itself', () => {
  check(
    onTransition(judge('object.n > 3')),
    ['add a {"n":1}', false],
    ['add b {"n":4}', true],
    ['update a {"n":2}', false],
    ['update a {"n":4}', true],
    ['update a {"n":5}', false],
    ['update b {"n":5}', false],
    ['update a {}', true],
    ['update a {"n":1}', false],
    ['update b {"n":1}', true],
  );
});

test('an object that is deleted ceases to be one for which the expression is true', () => {
  check(
    onTransition(judge('object.n > 3')),
    ['add a {"n":4}', true],
    ['delete a {"n":4}', true],
    ['add b {"n":1}', false],
    ['delete b {"n":4}', false],
    ['add c {"n":4}', true],
    ['delete c', true],
    ['add d {"n":1}', false],
    ['delete d', false],
    // Made anew under the same uid, as after a namespace came back into the scope.
    ['add a {"n":4}', true],
    ['add a {"n":4}', true],
  );
});

test('of an object that was not seen before, the first update is told, and so is its delete', () => {
  check(
    onTransition(judge('object.n > 3')),
    ['update a {"n":1}', true],
    ['update a {"n":1}', false],
    ['update b {"n":4}', true],
    ['delete c {"n":1}', true],
    ['delete d', true],
  );
});

test('what a list shows of objects is what the first update is compared with', () => {
  check(
    onTransition(judge('object.n > 3')),
    ['add a {"n":4}', 'seen'],
    ['add b {"n":1}', 'seen'],
    ['update a {"n":5}', false],
    ['update b {"n":2}', false],
    ['update a {"n":1}', true],
    ['update b {"n":4}', true],
    ['add c {"n":1}', 'seen'],
    ['delete c', false],
  );
});
