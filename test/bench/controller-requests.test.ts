import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequests, requestsBetween } from '../../bench/controller-requests.ts';

const line = (verb: string, resource: string, count: number, more = '') =>
  `apiserver_request_total{code="200",component="apiserver",resource="${resource}",subresource="${more}",verb="${verb}",version="v1"} ${count}`;

test('requests are summed up by verb and resource, whatever their answer', () => {
  const page = [
    '# TYPE apiserver_request_total counter',
    line('PATCH', 'things', 2),
    line('PATCH', 'things', 3).replace('code="200"', 'code="409"'),
    line('PATCH', 'things', 4, 'status'),
    line('GET', '', 1),
    'apiserver_request_duration_seconds_count{verb="PATCH",resource="things"} 9',
  ].join('\n');
  assert.deepEqual(
    [...readRequests(page)],
    [
      ['PATCH things', 5],
      ['PATCH things/status', 4],
      ['GET', 1],
    ],
  );
});

test('what was asked between two readings is told with the most frequent first, and nothing else', () => {
  const before = readRequests([line('GET', 'a', 5), line('GET', 'b', 5)].join('\n'));
  const after = readRequests([line('GET', 'a', 6), line('GET', 'b', 5), line('POST', 'c', 7)].join('\n'));
  assert.deepEqual(requestsBetween(before, after), [
    ['POST c', 7],
    ['GET a', 1],
  ]);
});
