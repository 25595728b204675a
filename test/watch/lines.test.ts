import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createLineSplitter, MAX_LINE_BYTES } from '../../src/watch/lines.ts';
import { anyText } from '../support/json-text.ts';

/** The lines that come out when `bytes` arrive in pieces that end at `cuts`. */
function split(bytes: Buffer, cuts: readonly number[]): string[] {
  const splitter = createLineSplitter();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let start = 0;
  return ends.flatMap((end) => {
    // Copied, because a socket's buffer is used again for the next piece.
    const piece = Buffer.from(bytes.subarray(start, end));
    start = end;
    const lines = splitter.push(piece).map(String);
    return lines;
  });
}

const anyLines = fc.array(
  anyText().map((text) => text.replaceAll('\n', ' ').toWellFormed()),
  { maxLength: 6 },
);

test('the same lines come out wherever the bytes are cut', () => {
  fc.assert(
    fc.property(anyLines, fc.array(fc.nat(), { maxLength: 8 }), (lines, cuts) => {
      assert.deepEqual(split(Buffer.from(lines.map((it) => `${it}\n`).join('')), cuts), lines);
    }),
    { numRuns: 1_000 },
  );
});

test('a cut at any single byte, inside a character too, changes nothing', () => {
  const lines = ['{"é":"€ 漢 😀"}', '', '\r', '\u2028', ' ', 'last'];
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  for (let cut = 0; cut <= bytes.length; cut++) assert.deepEqual(split(bytes, [cut]), lines, `cut at ${cut}`);
  const everyByte = Array.from({ length: bytes.length }, (_, i) => i);
  assert.deepEqual(split(bytes, everyByte), lines);
});

test('a torn last line never comes out', () => {
  fc.assert(
    fc.property(anyLines, fc.nat(), fc.array(fc.nat(), { maxLength: 4 }), (lines, length, cuts) => {
      const whole = Buffer.from(lines.map((it) => `${it}\n`).join(''));
      const torn = whole.subarray(0, length % (whole.length + 1));
      const complete = torn.toString('latin1').split('\n').length - 1;
      assert.deepEqual(split(torn, cuts), lines.slice(0, complete));
    }),
    { numRuns: 1_000 },
  );
});

test('only a line feed ends a line', () => {
  for (const text of ['a\rb', 'a\r\rb', 'a\u2028b', 'a\u2029b', 'a\u0085b', 'a\0b', 'a\fb']) {
    assert.deepEqual(split(Buffer.from(`${text}\n`), []), [text]);
  }
  assert.deepEqual(split(Buffer.from('a\r\nb\n'), []), ['a\r', 'b']);
});

test('a line over the limit is refused, in one piece and in many', () => {
  const limit = 10;
  const rows: [pieces: string[], refused: boolean][] = [
    [['0123456789\n'], false],
    [['01234', '56789', '\n'], false],
    [['0123456789', '\n0123456789\n'], false],
    [['01234567890\n'], true],
    [['01234567890'], true],
    [['01234', '56789', '0'], true],
    [['01234', '567890\n'], true],
    [['short\n', 'short\n01234567890'], true],
  ];
  for (const [pieces, refused] of rows) {
    const splitter = createLineSplitter(limit);
    const push = () => pieces.map((piece) => splitter.push(Buffer.from(piece)));
    if (refused) assert.throws(push, { name: 'KubeError', code: 'malformed', message: /line of more than 10 bytes/ });
    else push();
  }
});

test('of a line without an end, no more than the limit is kept', () => {
  const splitter = createLineSplitter();
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let taken = 0;
  assert.throws(
    () => {
      for (;;) {
        splitter.push(chunk);
        taken += chunk.length;
      }
    },
    { name: 'KubeError', code: 'malformed' },
  );
  assert.equal(taken, MAX_LINE_BYTES);
});

test('a line that came in one piece is not copied', () => {
  const chunk = Buffer.from('one\ntwo\nth');
  const lines = createLineSplitter().push(chunk);
  assert.deepEqual(
    lines.map((line) => line.buffer === chunk.buffer),
    [true, true],
  );
});
