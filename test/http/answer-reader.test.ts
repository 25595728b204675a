import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type AnswerReader, createAnswerReader } from '../../src/http/answer-reader.ts';

interface Read {
  readonly stage: string;
  readonly status: number;
  readonly body: string;
  readonly reusable: boolean;
  readonly retryAfter: string | undefined;
  readonly keepAliveMs: number | undefined;
}

/** A reader, and what it took of bodies so far. */
function readerOfAll(): { readonly reader: AnswerReader; body(): string } {
  let body = '';
  const reader = createAnswerReader((bytes, start, end) => {
    body += bytes.toString('latin1', start, end);
    return undefined;
  });
  return { reader, body: () => body };
}

/** What comes of an answer that arrives in these pieces; `end`: and then the connection ends. */
function read(pieces: readonly (string | Buffer)[], end = false): Read {
  const { reader, body } = readerOfAll();
  for (const piece of pieces) reader.push(Buffer.from(piece));
  if (end) reader.end();
  const { stage, head, reusable } = reader.answer;
  const { status = 0, retryAfter, keepAliveMs } = head ?? {};
  return { stage, status, body: body(), reusable, retryAfter, keepAliveMs };
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Answers, and what they come to. */
const ANSWERS: readonly (readonly [what: string, text: string, result: Partial<Read>])[] = [
  ['no body', `${OK}Content-Length: 0\r\n\r\n`, { stage: 'done', status: 200, reusable: true }],
  ['204 without a length', 'HTTP/1.1 204 No Content\r\n\r\n', { stage: 'done', status: 204, reusable: true }],
  ['304 with a length', 'HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n', { stage: 'done', reusable: true }],
  ['no reason phrase', 'HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n', { stage: 'done', status: 202 }],
  ['a body', `${OK}content-length:  3 \r\n\r\nabc`, { stage: 'done', body: 'abc', reusable: true }],
  ['half a body', `${OK}Content-Length: 3\r\n\r\nab`, { stage: 'body', body: 'ab' }],
  ['more than the body', `${OK}Content-Length: 1\r\n\r\nab`, { stage: 'done', body: 'a', reusable: false }],
  ['a body without a length', `${OK}\r\nabc`, { stage: 'body', body: 'abc', reusable: false }],
  ['chunks', `${CHUNKED}2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n`, { stage: 'done', body: 'abc', reusable: true }],
  ['chunks with a trailer', `${CHUNKED}0\r\nExpires: never\r\n\r\n`, { stage: 'done', body: '', reusable: true }],
  ['chunks in capitals', `${CHUNKED}A\r\n0123456789\r\n0\r\n\r\n`, { stage: 'done', body: '0123456789' }],
  ['a chunk longer than its size', `${CHUNKED}1\r\nab\r\n0\r\n\r\n`, { stage: 'broken', status: 200, reusable: false }],
  ['a chunk without a size', `${CHUNKED}\r\nab`, { stage: 'broken', status: 200 }],
  ['a chunk after much of the body', `${CHUNKED}1388\r\n${'x'.repeat(5_000)}\r\n1;x\r\ny\r\n`, { stage: 'body' }],
  ['a size that is none', `${CHUNKED}x\r\n`, { stage: 'broken', status: 200, reusable: false }],
  ['a chunk that ends like a line, and a line feed', `${CHUNKED}2\r\na\r\nb`, { stage: 'broken', status: 200 }],
  ['a line feed alone in the chunks', `${CHUNKED}1\nab\r\n`, { stage: 'broken', status: 200 }],
  [
    'a length and chunks',
    `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    { stage: 'done', reusable: false },
  ],
  [
    'chunks and a length',
    `${OK}Transfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n`,
    { stage: 'done', reusable: false },
  ],
  [
    'an encoding without chunks',
    `${OK}Transfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc`,
    { stage: 'body', body: 'abc' },
  ],
  [
    'an end that is announced',
    `${OK}Connection: Close\r\nContent-Length: 0\r\n\r\n`,
    { stage: 'done', reusable: false },
  ],
  ['an end in a list', `${OK}Connection: te, close\r\nContent-Length: 0\r\n\r\n`, { stage: 'done', reusable: false }],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', { stage: 'done', reusable: false }],
  [
    'a time to keep it',
    `${OK}Keep-Alive: timeout=5, max=9\r\nContent-Length: 0\r\n\r\n`,
    { keepAliveMs: 5_000, reusable: true },
  ],
  ['a time to come back', `${OK}RETRY-AFTER: 7\r\nRetry-After: 8\r\nContent-Length: 0\r\n\r\n`, { retryAfter: '7' }],
  ['one length twice', `${OK}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`, { stage: 'done', body: 'a' }],
  ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\na`, { stage: 'broken', status: 0 }],
  ['a length that is none', `${OK}Content-Length: -1\r\n\r\n`, { stage: 'broken', status: 0 }],
  [
    'something before it',
    `HTTP/1.1 103 Hints\r\nRetry-After: 9\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    { stage: 'done', status: 200, retryAfter: undefined },
  ],
  ['another protocol', 'HTTP/1.1 101 Switching\r\n\r\n', { stage: 'broken', status: 0 }],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', { stage: 'broken', status: 0 }],
  ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n', { stage: 'broken', status: 0 }],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', { stage: 'broken', status: 0 }],
  ['a folded line', `${OK}A: b\r\n c: d\r\n\r\n`, { stage: 'broken', status: 0 }],
  ['a line without a colon', `${OK}abc\r\nContent-Length: 0\r\n\r\n`, { stage: 'broken', status: 0 }],
  ['half a head', `${OK}Content-`, { stage: 'head', status: 0 }],
];

test('an answer is what HTTP/1.1 says', () => {
  for (const [what, text, result] of ANSWERS) {
    const all = read([text]);
    const seen = Object.fromEntries(Object.keys(result).map((key) => [key, all[key as keyof Read]]));
    assert.deepEqual(seen, result, what);
  }
});

test('it makes no difference in which pieces an answer arrives', () => {
  const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...ANSWERS), cuts, ([, text], at) => {
      const ends = [...new Set(at.map((cut) => cut % text.length))].toSorted((a, b) => a - b);
      const pieces = [...ends, text.length].map((end, i) => text.slice(i === 0 ? 0 : ends[i - 1], end));
      assert.deepEqual(read(pieces), read([text]));
    }),
    { numRuns: 1_000 },
  );
});

test('the end of the connection completes only a body without a length', () => {
  const rows: readonly (readonly [text: string, stage: string])[] = [
    [`${OK}\r\nabc`, 'done'],
    [`${OK}\r\n`, 'done'],
    [`${OK}Content-Length: 4\r\n\r\nabc`, 'body'],
    [`${CHUNKED}3\r\nabc\r\n`, 'body'],
    [`${OK}Content-Length: 0\r\n\r\n`, 'done'],
    [OK, 'head'],
    ['', 'head'],
  ];
  for (const [text, stage] of rows) {
    const { stage: is, reusable } = read([text], true);
    assert.deepEqual({ is, reusable }, { is: stage, reusable: false }, text);
  }
});

test('the bytes that were read may be overwritten afterwards', () => {
  const { reader, body } = readerOfAll();
  const shared = Buffer.alloc(64);
  for (const piece of [OK, 'Content-Le', 'ngth: 6\r\n\r\nab', 'cd', 'ef']) {
    const length = shared.write(piece, 'latin1');
    reader.push(shared.subarray(0, length));
    shared.fill(0);
  }
  assert.equal(reader.answer.stage, 'done');
  assert.equal(body(), 'abcdef');
});

test('each answer of a connection is read for itself', () => {
  const { reader, body } = readerOfAll();
  reader.push(
    Buffer.from('HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nno'),
  );
  reader.next();
  assert.deepEqual(read([]), read([]));
  reader.push(Buffer.from('HTTP/1.1 204 No\r\n\r\n'));
  const { head, reusable } = reader.answer;
  assert.deepEqual([head?.status, head?.retryAfter, head?.keepAliveMs, reusable], [204, undefined, undefined, true]);
  assert.equal(body(), 'no');
});

test('who wants no more of a body breaks the answer off, and its status stands', () => {
  const reader = createAnswerReader((_, start, end) => (end - start > 2 ? 'enough' : undefined));
  assert.equal(reader.push(Buffer.from(`${CHUNKED}2\r\nab\r\n`)), 'body');
  assert.equal(reader.push(Buffer.from('3\r\nabc\r\n0\r\n\r\n')), 'broken');
  assert.deepEqual([reader.answer.problem, reader.answer.head?.status], ['enough', 200]);
});

test('who takes a body hears how much of its chunk is still to come', () => {
  const rows: readonly (readonly [text: string, pieces: readonly (readonly [text: string, left: number])[]])[] = [
    [
      `${CHUNKED}5\r\nabcde\r\n2\r\nf`,
      [
        ['abcde', 0],
        ['f', 1],
      ],
    ],
    [`${OK}Content-Length: 5\r\n\r\nabc`, [['abc', 2]]],
    [`${OK}\r\nabc`, [['abc', 0]]],
  ];
  for (const [text, pieces] of rows) {
    const taken: [string, number][] = [];
    const reader = createAnswerReader((bytes, start, end, left) => {
      taken.push([bytes.toString('latin1', start, end), left]);
      return undefined;
    });
    reader.push(Buffer.from(text));
    assert.deepEqual(taken, pieces);
  }
});

test('a head that is understood again by its bytes is the same only as far as it goes', () => {
  const first = `${OK}Content-Length: 1\r\n\r\n`;
  for (const [text, body] of [
    [`${first}a`, 'a'],
    [`${first}b`, 'b'],
    [`${OK}Content-Length: 2\r\n\r\ncd`, 'cd'],
    [`${first}e`, 'e'],
  ] as const) {
    assert.deepEqual([read([text]).body, read([text]).stage], [body, 'done']);
  }
});

test('whatever comes, it is read to an end or not at all', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(OK, CHUNKED, 'ffff\r\n', '\r\n', 'x'.repeat(70_000)).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const { stage, reusable } = read(pieces.map((bytes) => Buffer.from(bytes)));
      assert.ok(['head', 'body', 'done', 'broken'].includes(stage));
      if (stage !== 'done' && stage !== 'body') assert.equal(reusable, false);
    }),
  );
  assert.equal(read([`${OK}X: ${'y'.repeat(70_000)}`]).stage, 'broken');
  assert.equal(read([`${CHUNKED}${'0'.repeat(5_000)}`]).stage, 'broken');
});
