import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createEventText, type Piece } from '../../examples/demo/event-text.ts';

const HEAD = [
  '☁️  cloudevents.Event',
  'Context Attributes,',
  '  specversion: 1.0',
  '  type: dev.knative.apiserver.resource.add',
  '  source: https://127.0.0.1:6443',
  '  subject: /apis/v1/namespaces/shop/configmaps/settings',
  '  id: 1',
];

test('what an event is comes before its lines', () => {
  assert.deepEqual(piecesOf(HEAD)[0], {
    is: 'event',
    type: 'dev.knative.apiserver.resource.add',
    subject: '/apis/v1/namespaces/shop/configmaps/settings',
  });
});

test('an event without a subject is told as well', () => {
  const pieces = piecesOf(['☁️  cloudevents.Event', 'Context Attributes,', '  type: a.b', '  id: 1']);
  assert.deepEqual(pieces[0], { is: 'event', type: 'a.b', subject: '' });
  assert.equal(pieces.length, 5);
});

test('managed fields become one line that says how many there were', () => {
  const data = ['  {', '    "managedFields": [', '      {}', '    ],', '    "name": "a"', '  }'];
  assert.deepEqual(shown([...HEAD, 'Data,', ...data]).slice(HEAD.length), [
    'Data,',
    '  {',
    '    … 3 lines of managedFields',
    '    "name": "a"',
    '  }',
  ]);
});

test('data beyond 24 lines become one line that says how many there were', () => {
  const entries = Array.from({ length: 30 }, (_, index) => `    "k${index}": 1,`);
  const lines = shown([...HEAD, 'Data,', '  {', ...entries, '  }']).slice(HEAD.length + 1);
  assert.deepEqual(lines, ['  {', ...entries.slice(0, 23), '    … 7 more lines', '  }']);
});

test('managed fields that come after 24 lines count as left out', () => {
  const entries = Array.from({ length: 23 }, (_, index) => `    "k${index}": 1,`);
  const managed = ['    "managedFields": [', '      {}', '    ]'];
  assert.deepEqual(shown([...HEAD, 'Data,', '  {', ...entries, ...managed, '  }']).slice(-2), [
    '    … 3 more lines',
    '  }',
  ]);
});

test('of what upstream printed nothing else is left out, and every event has its end', () => {
  const lines = readFileSync(new URL('../golden/event-display.log', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  const pieces = piecesOf(lines);
  let at = 0;
  for (const piece of pieces) {
    if (piece.is === 'fold') at += Number(/\d+/.exec(piece.text)?.[0]);
    else if (piece.is === 'attributes' || piece.is === 'data') assert.equal(piece.text, lines[at++]);
  }
  const titles = lines.filter((line) => line.endsWith('cloudevents.Event')).length;
  assert.equal(pieces.filter(({ is }) => is === 'event').length, titles);
  assert.ok(titles > 0);
});

test('the end of an event is told once, after its data', () => {
  const event = [...HEAD, 'Data,', '  {', '    "a": {', '    }', '  }'];
  const block = ['event', ...event.slice(0, 8).map(() => 'attributes'), 'data', 'data', 'data', 'data', 'end'];
  assert.deepEqual(
    piecesOf([...event, ...event]).map(({ is }) => is),
    [...block, ...block],
  );
});

function piecesOf(lines: readonly string[]): Piece[] {
  return lines.flatMap(createEventText());
}

function shown(lines: readonly string[]): string[] {
  return piecesOf(lines).flatMap((piece) => ('text' in piece ? [piece.text] : []));
}
