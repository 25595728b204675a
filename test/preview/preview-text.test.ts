import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Findings, Prospect, RatedRow } from '../../src/preview/preview-report.ts';
import { findingsText, prospectText } from '../../src/preview/preview-text.ts';
import { table } from '../../src/preview/table.ts';

test('columns are aligned, numbers on the right and grouped', () => {
  assert.deepEqual(
    table(
      ['NAME', 'MANY', 'RATE', 'WHAT'],
      [
        ['a', 1_234_567, 0.5, 'x'],
        ['long name', 3, 1_234.56, ''],
      ],
    ),
    ['NAME            MANY     RATE  WHAT', 'a          1,234,567      0.5  x', 'long name          3  1,234.6'],
  );
  assert.deepEqual(table(['A', 'B'], []), ['A  B']);
});

const row: RatedRow = {
  resource: 'pods',
  type: 'dev.knative.apiserver.resource.add',
  events: 12,
  eventsAtStart: 2,
  bytes: 12_000,
  medianBytes: 900,
  p99Bytes: 2_000,
  largestBytes: 2_100,
  perSecond: 1,
};

const findings: Findings = {
  seconds: 10,
  established: 1,
  total: 2,
  problems: ['nodes.v1: GET /api/v1/nodes was answered 403 Forbidden'],
  changes: 20,
  events: [row],
  all: { ...row, resource: '', type: '' },
  dropped: [{ reason: 'filtered', meaning: 'filters: an event that spec.filters does not let pass', objects: 8 }],
  lacks: [{ what: 'tooLarge', times: 1 }],
  secrets: 'not watched',
  samples: [{ attributes: { id: '1', kind: 'Pod' }, data: '{"a":1}', bytes: 7 }],
};

const text = `Watched for 10 s; 1 of 2 streams were established.

nodes.v1: GET /api/v1/nodes was answered 403 Forbidden

Events
  RESOURCE  TYPE                                EVENTS  PER SECOND   BYTES  MEDIAN    P99  LARGEST
  pods      dev.knative.apiserver.resource.add      12           1  12,000     900  2,000    2,100
  all                                               12           1  12,000     900  2,000    2,100
  20 changes were found and 12 events would be sent, 2 of them about what existed at the start.

Not told
  REASON    OBJECTS  MEANING
  filtered        8  filters: an event that spec.filters does not let pass

Lacking data, and expressions that came to nothing
  WHAT      TIMES
  tooLarge      1

Sample 1
  id: 1
  kind: Pod
  data (7 bytes): {"a":1}
`;

test('what was seen is told in sections', () => {
  assert.equal(
    findingsText(findings, (it) => it),
    text,
  );
});

test('what is known beforehand is told, and headings are set off where they can be', () => {
  const prospect: Prospect = {
    source: 'shop/web',
    server: 'https://api',
    streams: [{ kind: 'Pod', resource: 'pods.v1', scope: 'shop', selectors: '' }],
    rights: {
      you: { is: 'enough', user: 'me' },
      serviceAccount: { is: 'missing', user: 'it', sentence: 'User it cannot watch' },
    },
    grants: [],
    warnings: ['Careful.'],
  };
  const told = prospectText(prospect, '# why\nkind: Role\n', (it) => `<${it}>`);
  assert.match(told, /^ApiServerSource shop\/web, as its adapter would watch https:\/\/api\./);
  for (const part of [
    '\n\nCareful.\n\n',
    '<Streams>\n  KIND  RESOURCE  SCOPE  OBJECTS\n  Pod   pods.v1   shop   all\n',
    '  you (me): enough\n  the source: User it cannot watch\n',
    '<What would grant them, for kubectl apply>\n# why\nkind: Role\n',
  ]) {
    assert.ok(told.includes(part), told);
  }
});
