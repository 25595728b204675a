import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent, HTTP } from 'cloudevents';
import { encodeEvent } from '../../src/events/encode.ts';
import { eventFrom, type EventToSend, InvalidEventError } from '../../src/sdk/event.ts';
import { headersOf } from '../events/headers-of.ts';

const DEFAULTS = { id: 'new', time: '2026-01-01T00:00:00Z' };
const BASE = { source: '/s', type: 't' };

function sent(event: Partial<EventToSend>): { type: string | undefined; data: string | undefined } {
  const { datacontenttype: type, data } = eventFrom({ ...BASE, ...event }, DEFAULTS);
  return { type, data: data && Buffer.from(data).toString() };
}

test('data is sent as what it is', () => {
  const rows: [Partial<EventToSend>, string | undefined, string | undefined][] = [
    [{}, undefined, undefined],
    [{ data: null }, undefined, undefined],
    [{ data: { a: 1 } }, 'application/json', '{"a":1}'],
    [{ data: [1] }, 'application/json', '[1]'],
    [{ data: 0 }, 'application/json', '0'],
    [{ data: false, datacontenttype: 'application/x+json' }, 'application/x+json', 'false'],
    [{ data: 'text' }, undefined, 'text'],
    [{ data: '{"a": 1.0}', datacontenttype: 'application/json' }, 'application/json', '{"a": 1.0}'],
    [{ data: Buffer.from('ab') }, undefined, 'ab'],
    [{ data_base64: 'YWI=', datacontenttype: 'text/plain' }, 'text/plain', 'ab'],
  ];
  for (const [event, type, data] of rows) assert.deepEqual(sent(event), { type, data }, JSON.stringify(event));
});

test('what an event leaves open is filled in, and what it says is kept', () => {
  assert.deepEqual(eventFrom(BASE, DEFAULTS), { ...BASE, ...DEFAULTS, extensions: {} });
  const given = {
    ...BASE,
    id: 'i',
    time: new Date(Date.UTC(2020, 1, 3)),
    subject: 'sub',
    dataschema: 'https://schema',
    count: 3,
    loud: true,
    absent: undefined,
  };
  assert.deepEqual(eventFrom(given, DEFAULTS), {
    ...BASE,
    id: 'i',
    time: '2020-02-03T00:00:00.000Z',
    subject: 'sub',
    dataschema: 'https://schema',
    extensions: { count: 3, loud: true },
  });
});

test('all that is wrong with an event is told', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const rows: [Partial<EventToSend>, RegExp][] = [
    [{ source: '', type: '' }, /source: .*; type: /],
    [{ specversion: '0.3' }, /specversion: MUST be 1\.0, found 0\.3/],
    [{ time: new Date(Number.NaN) }, /time: /],
    [{ time: 'yesterday' }, /time: /],
    [{ Upper_case: 'x' }, /Upper_case: /],
    [{ nested: { a: 1 } }, /nested: /],
    [{ data: 'text', datacontenttype: 'application/json' }, /data: a text of a JSON type MUST be JSON/],
    [{ data: cyclic }, /data: has no JSON: /],
    [{ data: () => 1 }, /data: a function has no JSON/],
  ];
  for (const [event, message] of rows) {
    assert.throws(
      () => eventFrom({ ...BASE, ...event }, DEFAULTS),
      (error) => error instanceof InvalidEventError && message.test(error.message),
      String(message),
    );
  }
});

test('an event of the cloudevents package is sent as that package sends it', () => {
  const event = new CloudEvent({
    ...BASE,
    id: 'i',
    time: '2026-01-01T00:00:00Z',
    subject: 'sub',
    data: { a: 'ü' },
    more: 7,
  });
  const { headers: theirs, body } = HTTP.binary(event);
  const encoded = encodeEvent(eventFrom(event, DEFAULTS), 'binary');
  const ours = headersOf(encoded);
  // Theirs cuts times to milliseconds, which are zeros here, and names the character set.
  const { 'ce-time': _time, 'content-type': _type, ...rest } = theirs;
  for (const [name, value] of Object.entries(rest)) assert.equal(ours[name], String(value), name);
  assert.equal(Buffer.from(encoded.body).toString(), body);
});
