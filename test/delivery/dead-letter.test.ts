import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadLetter } from '../../src/delivery/dead-letter.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';

const EVENT: CloudEvent = {
  id: '1',
  source: '/s',
  type: 't',
  subject: 'sub',
  time: '2026-06-18T09:30:15.123Z',
  datacontenttype: 'application/json',
  extensions: { kind: 'Pod' },
  data: Buffer.from('{}'),
};
const SINK = new URL('http://sink.shop.svc.cluster.local:8080/a%2Fb?token=secret');

test('a dead letter says where it could not go, what the answer was, and how that began', () => {
  const failed: Outcome = { is: 'failed', reason: 'reset', detail: 'ECONNRESET sa propre clé' };
  const rows: [Outcome, extensions: Record<string, string | number>][] = [
    [answered(400, Buffer.from('no such field')), { code: 400, data: base64('no such field') }],
    [answered(413, Buffer.alloc(0)), { code: 413 }],
    [answered(302, undefined), { code: 302 }],
    [answered(400, Buffer.from([0, 255, 10])), { code: 400, data: 'AP8K' }],
    [failed, { data: base64('ECONNRESET sa propre clé') }],
    [{ ...failed, detail: '' }, {}],
  ];
  for (const [outcome, wanted] of rows) {
    const letter = deadLetter(EVENT, SINK, outcome);
    const extensions = Object.entries(wanted).map(([name, value]) => [`knativeerror${name}`, value]);
    assert.deepEqual(letter, {
      ...EVENT,
      extensions: {
        kind: 'Pod',
        knativeerrordest: 'http://sink.shop.svc.cluster.local:8080/a%2Fb',
        ...Object.fromEntries(extensions),
      },
    });
  }
});

test('no dead letter tells more than 1,024 characters of an answer, and what it tells is whole base64', () => {
  const bytes = Buffer.from('€'.repeat(1_000));
  for (const length of [766, 767, 768, 769, 3_000]) {
    const outcomes: Outcome[] = [
      answered(400, bytes.subarray(0, length)),
      { is: 'failed', reason: 'protocol', detail: '€'.repeat(Math.ceil(length / 3)) },
    ];
    for (const outcome of outcomes) {
      const data = String(deadLetter(EVENT, SINK, outcome).extensions['knativeerrordata']);
      assert.ok(data.length <= 1_024, `${data.length} of ${length}`);
      const told = Buffer.from(data, 'base64');
      assert.equal(told.toString('base64'), data);
      assert.deepEqual(told, bytes.subarray(0, told.length));
      assert.ok(told.length >= Math.min(length, 768) - 2, `${told.length} of ${length}`);
    }
  }
});

test('the event itself is left as it was', () => {
  deadLetter(EVENT, SINK, answered(400, Buffer.from('no')));
  assert.deepEqual(EVENT.extensions, { kind: 'Pod' });
});

function answered(status: number, body: Uint8Array | undefined): Outcome {
  return { is: 'answered', status, retryAfter: undefined, body };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
