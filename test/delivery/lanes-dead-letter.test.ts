import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './lanes-stage.ts';
import { RESET, status, TAKEN } from './outcomes.ts';

const POLICY = { retry: 2, backoffPolicy: 'linear', backoffDelayMs: 1_000, retryAfterMaxMs: 0 } as const;

test('an event that is refused goes to the dead letter sink, and the object goes on when it is there', async () => {
  const { send, sink, deadLetterSink, news, settled, lanes } = stage({ deadLetters: true });
  send('a1', Buffer.from('{"n":1}'));
  send('a2');
  await sink.answer(status(413));
  assert.deepEqual(
    news.map((it) => (it.is === 'refused' ? [it.event.id, it.by, it.reason] : it)),
    [['a1', 'sink', '413']],
  );
  assert.deepEqual(sink.ids(), ['a1']);
  const [letter] = deadLetterSink.attempts;
  assert.deepEqual(letter?.event, {
    id: 'a1',
    source: '/s',
    type: 't',
    extensions: {
      kind: 'Pod',
      knativeerrordest: 'http://sink.test/',
      knativeerrorcode: 413,
      knativeerrordata: Buffer.from('status 413').toString('base64'),
    },
    data: new TextEncoder().encode('{"n":1}'),
  });
  await deadLetterSink.answer(TAKEN);
  assert.deepEqual(settled, ['a1 deadLettered']);
  assert.deepEqual(sink.ids(), ['a1', 'a2']);
  await sink.answer(TAKEN);
  assert.deepEqual(lanes.gauges(), { inFlight: 0, queued: 0, queuedBytes: 0 });
});

test('an event that was tried as often as the policy allows is refused with what happened last', async () => {
  const { send, sink, deadLetterSink, clock, news } = stage({ deadLetters: true, policy: POLICY });
  send('a1');
  await sink.answer(status(503));
  await clock.advance(500);
  await sink.answer(status(500));
  await clock.advance(1_000);
  await sink.answer(RESET);
  assert.deepEqual(
    news.map((it) => it.is),
    ['retrying', 'retrying', 'refused'],
  );
  const extensions = deadLetterSink.attempts[0]?.event.extensions;
  assert.equal(extensions?.['knativeerrorcode'], undefined);
  assert.equal(extensions?.['knativeerrordata'], Buffer.from('ECONNRESET').toString('base64'));
  // A dead letter begins its attempts anew.
  await deadLetterSink.answer(RESET);
  assert.deepEqual(clock.waits, [500, 1_000, 500]);
});

test('without a dead letter sink a refused event is dropped, told, and the object goes on', async () => {
  const { send, sink, settled, news } = stage({ policy: { ...POLICY, retry: 0 } });
  send('a1');
  send('a2');
  await sink.answer(status(400), RESET);
  assert.deepEqual(settled, ['a1 dropped', 'a2 dropped']);
  assert.deepEqual(
    news.map((it) => (it.is === 'refused' ? [it.event.id, it.by, it.reason] : it)),
    [
      ['a1', 'sink', '400'],
      ['a2', 'sink', 'reset'],
    ],
  );
});

test('a dead letter is tried for as long as it takes, unless the dead letter sink will not have it', async () => {
  const { send, sink, deadLetterSink, clock, settled, news } = stage({ deadLetters: true, policy: POLICY });
  send('a1');
  await sink.answer(status(400));
  for (let attempt = 1; attempt <= 20; attempt++) {
    await deadLetterSink.answer(RESET);
    await clock.advance(60_000);
    assert.equal(deadLetterSink.attempts.length, attempt + 1);
  }
  assert.deepEqual(settled, []);
  await deadLetterSink.answer(status(403));
  assert.deepEqual(settled, ['a1 dropped']);
  const last = news.at(-1);
  assert.deepEqual(last?.is === 'refused' && [last.by, last.reason], ['deadLetterSink', '403']);
});

test('a dead letter sink that is away holds up nobody but the objects of its letters', async () => {
  const { send, sink, deadLetterSink, clock, news, settled } = stage({ deadLetters: true });
  const poisoned = Array.from('abcdefghijklmnop');
  for (const lane of poisoned) send(`${lane}1`);
  await sink.answer(...poisoned.map(() => status(400)));
  await deadLetterSink.answer(...poisoned.map(() => RESET));
  await clock.advance(1_000);
  assert.equal(deadLetterSink.attempts.length, 2 * poisoned.length);
  for (const lane of ['y', 'z']) send(`${lane}1`);
  await sink.answer(TAKEN, TAKEN);
  assert.deepEqual(settled, ['y1 delivered', 'z1 delivered']);
  assert.deepEqual(
    news.filter(({ is }) => is === 'away'),
    [],
  );
});

test('a dead letter sink that answers nothing takes no place of other objects, nor the probe of a sink that is away', async () => {
  const { send, sink, deadLetterSink, clock, news, settled, lanes } = stage({ deadLetters: true, inFlight: 4 });
  const poisoned = Array.from('abcdefghijkl');
  for (const lane of poisoned) send(`${lane}1`);
  while (sink.open().length > 0) await sink.answer(status(400));
  assert.equal(deadLetterSink.open().length, 4);
  assert.equal(lanes.room(), undefined, 'they wait for who knows how long');
  for (const lane of ['x', 'y', 'z']) send(`${lane}1`);
  await sink.answer(TAKEN, TAKEN, TAKEN);
  assert.deepEqual(settled, ['x1 delivered', 'y1 delivered', 'z1 delivered']);
  for (const lane of 'opqrstuvwx') send(`${lane}2`);
  while (!news.some(({ is }) => is === 'away')) await sink.answer(RESET);
  const before = sink.attempts.length;
  await clock.advance(500);
  assert.equal(sink.attempts.length, before + 1);
});

test('a dead letter that is taken does not mean that the sink is back', async () => {
  const { send, sink, deadLetterSink, clock, news } = stage({ deadLetters: true });
  send('a1');
  await sink.answer(status(400));
  for (const lane of 'bcdefghijk') send(`${lane}1`);
  await sink.answer(...Array.from('bcdefghijk', () => RESET));
  await deadLetterSink.answer(TAKEN);
  await clock.advance(0);
  assert.deepEqual(
    news.filter(({ is }) => is === 'away' || is === 'back'),
    [{ is: 'away' }],
  );
});
