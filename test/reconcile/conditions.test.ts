import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Condition, conditionSet, keepTransitionTimes } from '../../src/reconcile/conditions.ts';

const DEPENDENTS = ['SinkProvided', 'Deployed', 'SufficientPermissions'];
const set = conditionSet({ happy: 'Ready', dependents: DEPENDENTS });
const START = Date.UTC(2026, 0, 1);
const T0 = '2026-01-01T00:00:00Z';
const T9 = '2026-01-01T00:00:09Z';

function typed(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((it) => it.type === type);
}

test('a new object has every condition, Unknown, sorted by type', () => {
  assert.deepEqual(
    set.initialise([], START),
    ['Deployed', 'Ready', 'SinkProvided', 'SufficientPermissions'].map((type) => ({
      type,
      status: 'Unknown',
      lastTransitionTime: T0,
    })),
  );
});

test('a dependent that is new to a happy object is True at once', () => {
  const before: Condition[] = [{ type: 'Ready', status: 'True', lastTransitionTime: T0 }];
  const after = set.initialise(before, START + 9_000);
  assert.deepEqual(typed(after, 'Deployed'), { type: 'Deployed', status: 'True', lastTransitionTime: T9 });
  assert.equal(typed(after, 'Ready'), before[0]);
});

test('a condition keeps its time while nothing but the time would change, and a message alone moves it', () => {
  const first = set.markFalse([], 'Deployed', 'Broken', 'no image', START);
  assert.equal(set.markFalse(first, 'Deployed', 'Broken', 'no image', START + 9_000), first);
  const second = set.markFalse(first, 'Deployed', 'Broken', 'no node', START + 9_000);
  assert.equal(typed(second, 'Deployed')?.lastTransitionTime, T9);
  assert.equal(typed(second, 'Ready')?.lastTransitionTime, T9);
});

test('what is False comes before what is Unknown, and of several the newest stands for all', () => {
  let conditions = set.initialise([], START);
  conditions = set.markUnknown(conditions, 'Deployed', 'Rolling', 'one of two', START + 9_000);
  assert.deepEqual(typed(conditions, 'Ready'), {
    type: 'Ready',
    status: 'Unknown',
    reason: 'Rolling',
    message: 'one of two',
    lastTransitionTime: T9,
  });
  conditions = set.markFalse(conditions, 'SinkProvided', 'NotFound', 'no sink', START + 1_000);
  conditions = set.markFalse(conditions, 'SufficientPermissions', '', 'no rights', START + 2_000);
  conditions = set.markTrue(conditions, 'Deployed', '', '', START + 3_000);
  assert.equal(typed(conditions, 'Ready')?.message, 'no rights');
  conditions = set.markTrue(conditions, 'SufficientPermissions', '', '', START + 4_000);
  assert.deepEqual([typed(conditions, 'Ready')?.reason, typed(conditions, 'Ready')?.message], ['NotFound', 'no sink']);
});

test('an object whose new generation was not looked at is Unknown, and False where a dependent is', () => {
  const marks = ['Ready', 'NewObservedGenFailure', 'unsuccessfully observed a new generation', START] as const;
  assert.equal(typed(set.markUnknown(set.initialise([], START), ...marks), 'Ready')?.status, 'Unknown');
  const broken = set.markFalse(set.initialise([], START), 'Deployed', 'Broken', '', START);
  const { status, reason } = typed(set.markUnknown(broken, ...marks), 'Ready') ?? {};
  assert.deepEqual([status, reason], ['False', 'NewObservedGenFailure']);
});

test('a condition for information says so and changes nothing else', () => {
  const before = set.initialise([], START);
  const after = set.markFalse(before, 'Delivering', 'SinkAway', 'refused', START);
  assert.equal(typed(after, 'Delivering')?.severity, 'Info');
  assert.deepEqual(
    after.filter(({ type }) => type !== 'Delivering'),
    before,
  );
});

test('a condition that was something else on its way, and came out as it was, keeps its time', () => {
  const before = set.markFalse([], 'Deployed', 'Broken', '', START);
  const between = set.markTrue(before, 'Deployed', '', '', START + 5_000);
  const after = set.markFalse(between, 'Deployed', 'Broken', '', START + 9_000);
  assert.notDeepEqual(after, before);
  assert.deepEqual(keepTransitionTimes(before, after), before);
  assert.deepEqual(keepTransitionTimes(before, between), between);
});

interface Step {
  readonly mark: 'markTrue' | 'markFalse' | 'markUnknown' | 'initialise';
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** Since the step before. */
  readonly seconds: number;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  mark: fc.constantFrom('markTrue', 'markFalse', 'markUnknown', 'initialise'),
  type: fc.constantFrom(...DEPENDENTS, 'Ready', 'Delivering'),
  reason: fc.constantFrom('', 'A', 'B'),
  message: fc.constantFrom('', 'a', 'b'),
  seconds: fc.nat(2),
});

/** The rules of Knative's condition manager, as its pages tell them, on plain cells. */
class Model {
  readonly cells = new Map<string, { text: string; at: number }>();

  set(type: string, text: string, at: number): void {
    if (this.cells.get(type)?.text !== text) this.cells.set(type, { text, at });
  }

  step({ mark, type, reason, message }: Step, at: number): void {
    if (mark === 'initialise') {
      const happy = this.cells.get('Ready')?.text.startsWith('True') === true;
      for (const it of ['Ready', ...DEPENDENTS]) {
        if (!this.cells.has(it)) this.set(it, happy && it !== 'Ready' ? 'True||' : 'Unknown||', at);
      }
      return;
    }
    const text = `${mark.slice(4)}|${reason}|${message}`;
    this.set(type, text, at);
    const dependents = DEPENDENTS.map((it) => this.cells.get(it));
    const newest = (status: string) => {
      const those = DEPENDENTS.toSorted().filter((it) => this.cells.get(it)?.text.startsWith(status) === true);
      const latest = Math.max(...those.map((it) => this.cells.get(it)?.at ?? 0));
      return those.map((it) => this.cells.get(it)).find((it) => it?.at === latest)?.text;
    };
    const isFalse = newest('False') !== undefined;
    if (mark === 'markTrue') {
      const missing = dependents.includes(undefined) ? 'Unknown||' : undefined;
      const unhappy = newest('False') ?? newest('Unknown') ?? missing;
      if (unhappy !== undefined || type !== 'Ready') this.set('Ready', unhappy ?? 'True||', at);
    } else if (mark === 'markFalse') {
      if (DEPENDENTS.includes(type)) this.set('Ready', text, at);
    } else if (isFalse) {
      if (this.cells.get('Ready')?.text.startsWith('False') !== true)
        this.set('Ready', `False|${reason}|${message}`, at);
    } else if (DEPENDENTS.includes(type)) {
      this.set('Ready', text, at);
    }
  }
}

test('whatever is marked, in whatever order, the conditions are those of the model', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
      const model = new Model();
      let conditions: readonly Condition[] = [];
      let at = START;
      for (const step of steps) {
        at += step.seconds * 1_000;
        const before = structuredClone(conditions);
        const next =
          step.mark === 'initialise'
            ? set.initialise(conditions, at)
            : set[step.mark](conditions, step.type, step.reason, step.message, at);
        assert.deepEqual(conditions, before, 'the list that was given stays');
        conditions = next;
        model.step(step, at);
      }
      const expected = [...model.cells]
        .map(([type, { text, at: time }]) => ({ type, text, time }))
        .sort((a, b) => (a.type < b.type ? -1 : 1));
      assert.deepEqual(
        conditions.map(({ type, status, reason = '', message = '', lastTransitionTime = '' }) => ({
          type,
          text: `${status}|${reason}|${message}`,
          time: Date.parse(lastTransitionTime),
        })),
        expected,
      );
    }),
    { numRuns: 2_000 },
  );
});

test('an object is happy only if every dependent is True, and False as soon as one is False', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
      let conditions: readonly Condition[] = [];
      for (const { mark, type, reason, message } of steps) {
        conditions =
          mark === 'initialise'
            ? set.initialise(conditions, START)
            : set[mark](conditions, type, reason, message, START);
        const statuses = DEPENDENTS.map((it) => typed(conditions, it)?.status);
        const ready = typed(conditions, 'Ready')?.status;
        if (ready === 'True') assert.deepEqual(new Set(statuses), new Set(['True']));
        if (statuses.includes('False')) assert.equal(ready, 'False');
      }
    }),
    { numRuns: 1_000 },
  );
});
