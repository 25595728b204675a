import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayWatchIn, selectsAnew } from '../../../src/sources/apiserver/concerns.ts';
import type { StoredSpec } from '../../../src/sources/apiserver/spec.ts';
import { added, deleted, updated } from '../../reconcile/events.ts';

const sourceWith = (spec: StoredSpec) => ({ metadata: { name: 'web', namespace: 'shop', uid: 'u' }, spec });
const SELECTING = sourceWith({ namespaceSelector: { matchLabels: { team: 'a' } } });
const [yes, no] = [{ labels: { team: 'a' } }, { labels: { team: 'b' } }];

test('a namespace concerns the sources whose selector it begins or ends to match, and no others', () => {
  const cases = [
    [added(yes), true],
    [added(no), false],
    [deleted(yes), true],
    [deleted(no), false],
    [updated(no, yes), true],
    [updated(yes, no), true],
    [updated(yes, { labels: { team: 'a', more: 'x' } }), false],
    [updated(no, {}), false],
  ] as const;
  for (const [event, concerned] of cases) {
    assert.equal(selectsAnew(SELECTING, event), concerned, JSON.stringify(event));
    assert.equal(selectsAnew(sourceWith({}), event), false, 'a source without a selector');
  }
  assert.equal(selectsAnew(sourceWith({ namespaceSelector: {} }), added(no)), true);
});

test('a namespace that a source names concerns it when it comes and goes', () => {
  const naming = sourceWith({ namespaces: { include: ['team-a'] } });
  const named = (event: typeof added) => event({ name: 'team-a' });
  assert.equal(selectsAnew(naming, named(added)), true);
  assert.equal(selectsAnew(naming, named(deleted)), true);
  assert.equal(selectsAnew(naming, updated({ name: 'team-a' }, { name: 'team-a', labels: { x: 'y' } })), false);
  assert.equal(selectsAnew(naming, added({ name: 'team-b' })), false);
});

test('a selector that is none selects no namespace', () => {
  const broken = sourceWith({ namespaceSelector: { matchExpressions: [{ key: 'a b', operator: 'Exists' }] } });
  assert.equal(selectsAnew(broken, added(yes)), false);
});

test('a right in a namespace concerns the sources that may watch there', () => {
  assert.equal(mayWatchIn(sourceWith({}), 'shop'), true);
  assert.equal(mayWatchIn(sourceWith({}), 'other'), false);
  assert.equal(mayWatchIn(sourceWith({}), undefined), true, 'a right in the whole cluster');
  assert.equal(mayWatchIn(SELECTING, 'other'), true);
  const including = sourceWith({ namespaces: { include: ['other'] } });
  assert.deepEqual([mayWatchIn(including, 'other'), mayWatchIn(including, 'shop')], [true, false]);
});
