import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTable } from './kubectl-table.ts';

const tables: readonly { of: string; text: string; rows: readonly object[] }[] = [
  { of: 'no rows', text: 'NAME   READY\n', rows: [] },
  {
    of: 'an empty cell in the middle and at the end',
    text: 'NAME    SINK   READY   REASON\nfirst          True    \nsecond  x      False   NotFound\n',
    rows: [
      { NAME: 'first', SINK: '', READY: 'True', REASON: '' },
      { NAME: 'second', SINK: 'x', READY: 'False', REASON: 'NotFound' },
    ],
  },
  {
    of: 'blanks in a header and in a cell',
    text: 'NAME   RESTARTS     NOMINATED NODE   AGE\npod    2 (3s ago)   <none>           5s\n',
    rows: [{ NAME: 'pod', RESTARTS: '2 (3s ago)', 'NOMINATED NODE': '<none>', AGE: '5s' }],
  },
];

for (const { of, text, rows } of tables) {
  test(`a table of kubectl with ${of} is read by its headers`, () => {
    assert.deepEqual(readTable(text).rows, rows);
  });
}

test('the headers of a table are told in their order, also where there are no rows', () => {
  assert.deepEqual(readTable('NAME   SINK   AGE\n'), { headers: ['NAME', 'SINK', 'AGE'], rows: [] });
});
