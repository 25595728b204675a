import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bookmark, endOfList, knownIn } from './objects.ts';
import { type Exchange, lines, linesFor, page, play, refusal, type Transcript } from './scripted-stream.ts';

/** Longer than any time between two audits. */
const HALF_A_DAY = 12 * 3_600_000;

/** `a` and `b` exist at version 10; the watch from there lasts until an audit is due, and ends at version 20. */
const UNTIL_DUE: readonly Exchange[] = [
  ['streaming list', lines('ADDED a u1@5', 'ADDED b u2@6', endOfList('10'))],
  ['watch 10', linesFor(HALF_A_DAY, bookmark('20'))],
  ['head', page('25')],
];

function audits({ news }: Transcript): number[] {
  return news.flatMap((it) => (it.is === 'audited' ? [it.differences] : []));
}

test('an audit that finds what is known goes on watching at the same version', async () => {
  const it = await play([...UNTIL_DUE, ['past 20', page('20', ['a u1@5', 'b u2@6'])]], { until: 'watch 20' });
  assert.deepEqual(audits(it), [0]);
  assert.deepEqual(it.told, []);
});

test('a change that the server kept from the watch is found by an audit and told', async () => {
  const it = await play(
    [
      ...UNTIL_DUE,
      ['past 20', page('20', ['a u1@15', 'c u3@16'])],
      ['streaming list', lines('ADDED a u1@15', 'ADDED c u3@16', endOfList('30'))],
      ['past 20', page('20', ['a u1@15', 'c u3@16'])],
    ],
    { until: 'watch 30' },
  );
  assert.deepEqual(audits(it), [3]);
  assert.deepEqual(it.told, [
    'update a u1@15 over u1@5 by comparison',
    'add c u3@16 by comparison',
    'delete b u2@6 over u2@6 by comparison, without body',
  ]);
  assert.deepEqual(knownIn(it.known), ['a u1@15', 'c u3@16']);
});

test('an audit reads every page before it judges', async () => {
  const it = await play(
    [...UNTIL_DUE, ['past 20', page('20', ['a u1@5'], 'more')], ['page more', page('20', ['b u2@6'])]],
    { until: 'watch 20' },
  );
  assert.deepEqual(audits(it), [0]);
});

test('an audit that the server refuses leaves the stream where it was', async () => {
  const it = await play([...UNTIL_DUE, ['past 20', refusal(410, 'Expired')]], { until: 'watch 20' });
  assert.deepEqual(audits(it), []);
  assert.deepEqual(it.told, []);
});

test('objects that are not selected are no difference', async () => {
  const selects = (object: Buffer): boolean => !object.includes('"x"');
  const it = await play([...UNTIL_DUE, ['past 20', page('20', ['a u1@5', 'b u2@6', 'x u9@7'])]], {
    until: 'watch 20',
    stream: { selects },
  });
  assert.deepEqual(audits(it), [0]);
});
