import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGapAnnouncer } from '../../src/adapter/announce-gaps.ts';
import { decodeGapNotes, encodeGapNotes, type GapNote, GAPS_ANNOTATION } from '../../src/adapter/gap-notes.ts';
import type { Outgoing } from '../../src/delivery/lanes.ts';
import { recordedLog } from './recorded-log.ts';

function noteOf(id: string, characters = 20): GapNote {
  const data = Buffer.from(JSON.stringify({ stream: 'x'.repeat(characters), lost: 'states' }));
  const named = { id, source: 'https://api', type: 'dev.watchbridge.apiserver.gap', subject: '/api/v1/pods' };
  const event = { ...named, time: '2026-01-01T00:00:00.000Z', datacontenttype: 'application/json' };
  return { lane: `gap/${id}`, event: { ...event, extensions: { owner: 'me', n: 7, yes: true }, data } };
}

test('what is noted of a gap is what is told of it later', () => {
  const notes = [noteOf('a'), noteOf('b')];
  assert.deepEqual(decodeGapNotes(encodeGapNotes(notes).text), notes);
  assert.deepEqual(decodeGapNotes(undefined), []);
  assert.deepEqual(decodeGapNotes('[]'), []);
});

test('what is not noted by an adapter is not taken for notes', () => {
  for (const text of ['', '{}', '[{"id":"a"}]', 'null', '[7]']) assert.equal(decodeGapNotes(text), undefined, text);
});

test('of more notes than the Lease has room for the newest are kept', () => {
  const notes = Array.from({ length: 100 }, (_, i) => noteOf(String(i), 1_000));
  const { text, left } = encodeGapNotes(notes);
  assert.ok(text.length <= 32 * 1_024);
  const kept = decodeGapNotes(text) ?? [];
  assert.equal(kept.length + left, 100);
  assert.ok(kept.length > 20);
  assert.deepEqual(kept, notes.slice(left));
});

function stage(stored?: string) {
  const sent: Outgoing[] = [];
  const { log, messages } = recordedLog();
  const announcer = createGapAnnouncer({ lanes: { send: (it) => sent.push(it) }, log }, stored);
  return { announcer, sent, messages };
}

test('gap events stand in the Lease from when they are sent until they are settled', () => {
  const { announcer, sent } = stage();
  assert.deepEqual(announcer.due().annotations, {});
  announcer.announce(noteOf('a'));
  announcer.announce(noteOf('b'));
  assert.deepEqual(
    sent.map(({ lane }) => lane),
    ['gap/a', 'gap/b'],
  );
  const due = announcer.due();
  assert.deepEqual(decodeGapNotes(due.annotations[GAPS_ANNOTATION]), [noteOf('a'), noteOf('b')]);
  assert.deepEqual(announcer.due().annotations, due.annotations, 'it was not written');
  due.written();
  assert.deepEqual(announcer.due().annotations, {});
  sent[0]?.settled('delivered');
  assert.deepEqual(decodeGapNotes(announcer.due().annotations[GAPS_ANNOTATION]), [noteOf('b')]);
  sent[1]?.settled('dropped');
  const empty = announcer.due();
  assert.deepEqual(empty.annotations, { [GAPS_ANNOTATION]: '[]' });
  empty.written();
  assert.deepEqual(announcer.due().annotations, {});
});

test('a note whose write was not answered is taken back once it is settled', () => {
  const { announcer, sent } = stage();
  announcer.announce(noteOf('a'));
  announcer.due();
  sent[0]?.settled('delivered');
  const due = announcer.due();
  assert.deepEqual(due.annotations, { [GAPS_ANNOTATION]: '[]' });
  due.written();
  assert.deepEqual(announcer.due().annotations, {});
});

test('what the last process could not settle is sent by the next one', () => {
  const { text } = encodeGapNotes([noteOf('a')]);
  const { announcer, sent, messages } = stage(text);
  assert.deepEqual(
    sent.map(({ event }) => event),
    [noteOf('a').event],
  );
  assert.deepEqual(announcer.due().annotations, {}, 'it stands there already');
  sent[0]?.settled('delivered');
  assert.deepEqual(announcer.due().annotations, { [GAPS_ANNOTATION]: '[]' });
  assert.deepEqual(messages, []);
});

test('notes that cannot be read or kept are told', () => {
  assert.deepEqual(stage('nonsense').messages, ['error: stored gap events cannot be read; they are lost']);
  const { announcer, messages } = stage();
  for (let i = 0; i < 100; i++) announcer.announce(noteOf(String(i), 1_000));
  announcer.due();
  announcer.due();
  assert.deepEqual(messages, ['error: more gap events wait than are kept; a crash now would lose the oldest']);
});
