import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toCloudEvent } from '../../src/events/from-change.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { type CompiledFilters, compileFilters } from '../../src/events/filters/compile-filters.ts';
import { anyText } from '../support/json-text.ts';
import { changeOf, DEPLOYMENTS, originOf } from './changes.ts';

const EVENT: CloudEvent = {
  id: 'e-1',
  source: 'https://10.96.0.1:443',
  type: 'dev.knative.apiserver.resource.update',
  subject: '/apis/v1/namespaces/shop/pods/web-0',
  datacontenttype: 'application/json; charset=utf-8',
  extensions: {
    apiversion: 'v1',
    kind: 'Pod',
    name: 'web-0',
    namespace: 'shop',
    resourceversion: '4711',
    recovered: true,
    attempts: 42,
    empty: '',
  },
};

const PASS = { exact: { kind: 'Pod' } };
const FAIL = { exact: { kind: 'Node' } };
/** Elements that say nothing, in every way to do so. */
const NOTHING = [
  { all: [] },
  { any: [] },
  { exact: {} },
  { prefix: {} },
  { suffix: {} },
  { cesql: '' },
  { not: { all: [] } },
];

type Row = readonly [what: string, filters: readonly unknown[], passes: boolean];

function compiled(filters: unknown): CompiledFilters {
  const result = compileFilters(filters);
  assert.ok(result.is === 'compiled', JSON.stringify(result));
  return result;
}

function check(rows: readonly Row[]): void {
  for (const [what, filters, passes] of rows) assert.equal(compiled(filters).passes(EVENT), passes, what);
}

// The names of the tables are those of upstream's tests, pkg/eventfilter/subscriptionsapi.

test('S1: all passes what every one of its filters passes', () => {
  check([
    ['no filters', [{ all: [] }], true],
    ['one passes', [{ all: [PASS] }], true],
    ['one fails', [{ all: [FAIL] }], false],
    ['pass, pass', [{ all: [PASS, PASS] }], true],
    ['pass, fail', [{ all: [PASS, FAIL] }], false],
    ['fail, pass', [{ all: [FAIL, PASS] }], false],
    ['fail, fail', [{ all: [FAIL, FAIL] }], false],
    ['all of all, both pass', [{ all: [{ all: [PASS] }, { all: [PASS, PASS] }] }], true],
    ['all of all, one fails', [{ all: [{ all: [PASS] }, { all: [PASS, FAIL] }] }], false],
    ['any in all', [{ all: [{ any: [FAIL, PASS] }, PASS] }], true],
    ['not in all', [{ all: [{ not: PASS }, PASS] }], false],
  ]);
});

test('S2: any passes what one of its filters passes', () => {
  check([
    ['no filters', [{ any: [] }], true],
    ['one passes', [{ any: [PASS] }], true],
    ['one fails', [{ any: [FAIL] }], false],
    ['pass, pass', [{ any: [PASS, PASS] }], true],
    ['pass, fail', [{ any: [PASS, FAIL] }], true],
    ['fail, pass', [{ any: [FAIL, PASS] }], true],
    ['fail, fail', [{ any: [FAIL, FAIL] }], false],
    ['any of any, one passes', [{ any: [{ any: [FAIL] }, { any: [FAIL, PASS] }] }], true],
    ['any of any, all fail', [{ any: [{ any: [FAIL] }, { any: [FAIL, FAIL] }] }], false],
    ['all in any', [{ any: [{ all: [FAIL, PASS] }, FAIL] }], false],
    ['not in any', [{ any: [{ not: FAIL }, FAIL] }], true],
  ]);
});

test('S3: not passes what its filter does not', () => {
  check([
    ['of a filter that passes', [{ not: PASS }], false],
    ['of a filter that fails', [{ not: FAIL }], true],
    ['of not', [{ not: { not: PASS } }], true],
    ['of all', [{ not: { all: [PASS, FAIL] } }], true],
    ['of any', [{ not: { any: [PASS, FAIL] } }], false],
    ['of an attribute that is missing', [{ not: { exact: { missing: 'x' } } }], true],
  ]);
});

test('S4: exact wants each attribute to be the text', () => {
  check([
    ['the type', [{ exact: { type: 'dev.knative.apiserver.resource.update' } }], true],
    ['another type', [{ exact: { type: 'dev.knative.apiserver.resource.add' } }], false],
    ['a part of the type', [{ exact: { type: 'dev.knative.apiserver.resource' } }], false],
    ['another source', [{ exact: { source: 'https://10.96.0.1' } }], false],
    ['an extension', [{ exact: { kind: 'Pod' } }], true],
    ['an extension in other letters', [{ exact: { kind: 'pod' } }], false],
    ['a missing extension', [{ exact: { missing: 'Pod' } }], false],
    ['a missing attribute', [{ exact: { dataschema: 'x' } }], false],
    ['a missing attribute that JavaScript calls undefined', [{ exact: { dataschema: 'undefined' } }], false],
    ['a name that objects inherit', [{ exact: { constructor: 'x' } }], false],
    ['a Boolean', [{ exact: { recovered: 'true' } }], true],
    ['an Integer', [{ exact: { attempts: '42' } }], true],
    ['several that hold', [{ exact: { kind: 'Pod', namespace: 'shop', specversion: '1.0', id: 'e-1' } }], true],
    ['several of which one does not hold', [{ exact: { kind: 'Pod', namespace: 'office' } }], false],
    ['the content type', [{ exact: { datacontenttype: 'application/json' } }], false],
    ['the media type, as upstream calls it', [{ exact: { datamediatype: 'application/json' } }], true],
  ]);
});

test('S5: prefix wants each attribute to start with the text', () => {
  check([
    ['the type', [{ prefix: { type: 'dev.knative.apiserver.resource.' } }], true],
    ['the whole type', [{ prefix: { type: 'dev.knative.apiserver.resource.update' } }], true],
    ['more than the type', [{ prefix: { type: 'dev.knative.apiserver.resource.updates' } }], false],
    ['the end of the type', [{ prefix: { type: 'update' } }], false],
    ['an extension', [{ prefix: { name: 'web-' } }], true],
    ['an Integer', [{ prefix: { attempts: '4' } }], true],
    ['an empty extension', [{ prefix: { empty: 'x' } }], false],
    ['a missing extension', [{ prefix: { missing: 'web-' } }], false],
    ['several of which one does not hold', [{ prefix: { name: 'web-', kind: 'No' } }], false],
    ['wildcards, which it has not', [{ prefix: { name: 'web%' } }], false],
  ]);
});

test('S6: suffix wants each attribute to end with the text', () => {
  check([
    ['the type', [{ suffix: { type: '.update' } }], true],
    ['the start of the type', [{ suffix: { type: 'dev' } }], false],
    ['an extension', [{ suffix: { name: '-0' } }], true],
    ['a missing extension', [{ suffix: { missing: '-0' } }], false],
    ['several that hold', [{ suffix: { name: '-0', subject: '/web-0' } }], true],
    ['several of which one does not hold', [{ suffix: { name: '-0', kind: 'pod' } }], false],
  ]);
});

test('S7: cesql wants the expression to be true', () => {
  check([
    ['no expression', [{ cesql: '' }], true],
    ['the type', [{ cesql: `type = 'dev.knative.apiserver.resource.update'` }], true],
    ['another type', [{ cesql: `type = 'dev.knative.apiserver.resource.add'` }], false],
    ['an extension', [{ cesql: `kind = 'Pod'` }], true],
    ['a numeric extension', [{ cesql: 'attempts < 50 AND resourceversion > 4000' }], true],
    ['one of two', [{ cesql: `type = 'x' OR kind = 'Pod'` }], true],
    ['a Boolean extension', [{ cesql: 'recovered' }], true],
    ['less than, of a missing attribute', [{ cesql: 'missing < 10' }], false],
    ['equality, of a missing attribute', [{ cesql: `missing = 'x'` }], false],
    ['inequality, of a missing attribute', [{ cesql: `missing != 'x'` }], false],
  ]);
});

test('a list passes what all its elements pass, an empty one everything', () => {
  check([
    ['no elements', [], true],
    ['both pass', [PASS, { not: FAIL }], true],
    ['the first fails', [FAIL, PASS], false],
    ['the last fails', [PASS, FAIL], false],
  ]);
});

test('an element that says nothing filters nothing, wherever it stands', () => {
  for (const nothing of NOTHING) {
    const what = JSON.stringify(nothing);
    check([
      [`${what} alone`, [nothing], true],
      [`${what} after one that fails`, [FAIL, nothing], false],
      [`not ${what}`, [{ not: nothing }], true],
      [`${what} in all, after one that passes`, [{ all: [PASS, nothing] }], true],
      [`${what} in all, after one that fails`, [{ all: [FAIL, nothing] }], false],
      // Upstream passes the event here, because of what stands last.
      [`${what} in any, after one that fails`, [{ any: [FAIL, nothing] }], false],
      [`${what} in any, before one that fails`, [{ any: [nothing, FAIL] }], false],
      [`${what} in any, after one that passes`, [{ any: [PASS, nothing] }], true],
      [`${what} alone in any`, [{ any: [nothing] }], true],
    ]);
  }
});

test('an expression that comes to nothing is no match, and says why', () => {
  const filters = compiled([
    { any: [{ cesql: 'missing = 1' }, { cesql: 'kind > 1' }, { cesql: 'attempts' }, { not: { cesql: 'name' } }] },
  ]);
  assert.deepEqual(filters.judge(EVENT), {
    passes: true,
    troubles: [
      { path: [0, 'any', 0, 'cesql'], kind: 'missingAttribute', sentence: 'the event has no attribute missing' },
      { path: [0, 'any', 1, 'cesql'], kind: 'cast', sentence: '"Pod" is no integer of 32 bits' },
      {
        path: [0, 'any', 2, 'cesql'],
        kind: 'notBoolean',
        sentence: 'the expression yields the Integer "42", no Boolean',
      },
      {
        path: [0, 'any', 3, 'not', 'cesql'],
        kind: 'notBoolean',
        sentence: 'the expression yields the String "web-0", no Boolean',
      },
    ],
  });
  assert.deepEqual(compiled([{ cesql: '1 / 0 = attempts' }]).judge(EVENT), {
    passes: false,
    troubles: [{ path: [0, 'cesql'], kind: 'math', sentence: '1 / 0 has no result' }],
  });
});

test('an event that is simply not wanted is no trouble', () => {
  const filters = compiled([FAIL, { cesql: `kind = 'Node'` }]);
  assert.deepEqual(filters.judge(EVENT), { passes: false, troubles: [] });
});

test('everything that is wrong is told, each with its place', () => {
  const dialects = 'expected a filter in exactly one of the dialects all, any, not, exact, prefix, suffix, cesql';
  const name = 'expected an attribute name of lower-case letters and digits, a letter first';
  const rows: readonly [config: unknown, ...problems: [path: readonly (string | number)[], message: string][]][] = [
    [null, [[], 'expected a list of filters']],
    [{ exact: { type: 'x' } }, [[], 'expected a list of filters']],
    [[{}], [[0], dialects]],
    [
      [null, 'x', []],
      [[0], dialects],
      [[1], dialects],
      [[2], dialects],
    ],
    [
      [PASS, { exact: { type: 'x' }, cesql: 'true' }],
      [[1], dialects],
    ],
    [[{ sql: 'true' }], [[0], dialects]],
    [[{ all: PASS }], [[0, 'all'], 'expected a list of filters']],
    [[{ any: [PASS, {}] }], [[0, 'any', 1], dialects]],
    [[{ not: [PASS] }], [[0, 'not'], dialects]],
    [[{ not: { all: [{ not: null }] } }], [[0, 'not', 'all', 0, 'not'], dialects]],
    [[{ exact: ['x'] }], [[0, 'exact'], 'expected names of attributes with text to compare them with']],
    [[{ prefix: { invALID: 'x' } }], [[0, 'prefix', 'invALID'], name]],
    [
      [{ suffix: { '': 'x', '1a': 'x', a_b: 'x', é: 'x', a1: 'x' } }],
      [[0, 'suffix', ''], name],
      [[0, 'suffix', '1a'], name],
      [[0, 'suffix', 'a_b'], name],
      [[0, 'suffix', 'é'], name],
    ],
    [
      [{ exact: { type: '', kind: 7, name: null } }],
      [[0, 'exact', 'type'], 'expected text that is not empty'],
      [[0, 'exact', 'kind'], 'expected text that is not empty'],
      [[0, 'exact', 'name'], 'expected text that is not empty'],
    ],
    [[{ cesql: true }], [[0, 'cesql'], 'expected a CESQL expression']],
    [
      [{ cesql: 'kind =' }],
      [[0, 'cesql'], 'expected an attribute, a literal, a function or "(" at column 7, found the end'],
    ],
    [
      [{ cesql: 'LENGTH(kind)' }],
      [[0, 'cesql'], 'expected an expression that yields a Boolean, and this one yields an Integer'],
    ],
    [
      [{ cesql: 'LOWER(kind)' }],
      [[0, 'cesql'], 'expected an expression that yields a Boolean, and this one yields a String'],
    ],
    [
      [{ cesql: `kind = 'Pod' OR starts(name, 'web')` }],
      [[0, 'cesql'], 'expected a function of CESQL at column 17, found STARTS of 2 arguments'],
    ],
    [
      [FAIL, { prefix: {}, suffix: {} }, { cesql: ')' }],
      [[1], dialects],
      [[2, 'cesql'], 'expected an attribute, a literal, a function or "(" at column 1, found ")"'],
    ],
  ];
  for (const [config, ...expected] of rows) {
    const problems = expected.map(([path, message]) => ({ path, message }));
    assert.deepEqual(compileFilters(config), { is: 'wrong', problems }, JSON.stringify(config));
  }
});

test('filters that go too deep are told, and do not use up the stack', () => {
  const deep: unknown = JSON.parse(`[${'{"not":{"all":['.repeat(20_000)}${']}}'.repeat(20_000)}]`);
  const result = compileFilters(deep);
  assert.equal(result.is, 'wrong');
  assert.deepEqual(result.is === 'wrong' && result.problems.map(({ message }) => message), [
    'expected at most 32 levels of filters',
  ]);
});

test('no configuration makes compiling throw, and no filters throw on an event', () => {
  const { filter } = fc.letrec((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      fc.record({ exact: fc.dictionary(fc.constantFrom('kind', 'name', 'Bad'), fc.constantFrom('Pod', 'web-0', '')) }),
      fc.record({ cesql: fc.constantFrom('', 'true', 'kind', 'missing', `kind = 'Pod'`, 'kind +', 'attempts > 1') }),
      fc.record({ all: fc.array(tie('filter'), { maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('filter'), { maxLength: 3 }) }),
      fc.record({ not: tie('filter') }),
      fc.record({ not: tie('filter'), prefix: fc.constant({}) }, { requiredKeys: [] }),
      anyText(4),
    ),
  }));
  fc.assert(
    fc.property(fc.oneof(fc.array(filter), fc.jsonValue()), (config) => {
      const result = compileFilters(config);
      if (result.is === 'wrong') assert.ok(result.problems.length > 0);
      else assert.equal(result.passes(EVENT), result.judge(EVENT).passes);
    }),
    { numRuns: 500 },
  );
});

test('filters see what the event of a change is made of', () => {
  const origin = originOf({ resource: DEPLOYMENTS });
  const change = changeOf({ type: 'delete', body: undefined, foundBy: 'comparison' });
  const event = toCloudEvent(change, origin, { epoch: 0, now: 0 });
  const filters = compiled([
    { suffix: { type: '.delete' } },
    { exact: { specversion: '1.0', source: origin.server, datacontenttype: 'application/json' } },
    {
      exact: { subject: '/apis/apps/v1/namespaces/shop/deployments/web-0', apiversion: 'apps/v1', kind: 'Deployment' },
    },
    { exact: { name: 'web-0', namespace: 'shop', uid: change.object.uid, resourceversion: '7' } },
    { cesql: 'recovered AND finalstateunknown AND NOT EXISTS unselected' },
  ]);
  assert.deepEqual(filters.judge(event), { passes: true, troubles: [] });
});
