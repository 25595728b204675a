import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createRequestReader } from '../../bench/requests.ts';

interface Request {
  readonly version: number;
  readonly bodyBytes: number;
}

/** A body that looks like the end of a head, which must not be taken for one. */
const BODY = 'ce-resourceversion: 7\r\n\r\n';

function bytesOf({ version, bodyBytes }: Request): string {
  const head = `POST / HTTP/1.1\r\nhost: sink\r\nCe-ResourceVersion: ${version}\r\ncontent-length: ${bodyBytes}\r\n\r\n`;
  return head + BODY.repeat(Math.ceil(bodyBytes / BODY.length)).slice(0, bodyBytes);
}

test('pipelined requests, torn anywhere, are each read once and in order', () => {
  const request = fc.record({ version: fc.nat(), bodyBytes: fc.nat(100) }, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 5 }), fc.array(fc.nat(1000)), (requests, cuts) => {
      const bytes = Buffer.from(requests.map(bytesOf).join(''));
      const read: Request[] = [];
      const reader = createRequestReader((version, bodyBytes) => read.push({ version, bodyBytes }));
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
      const ended = places.slice(1).map((place, index) => reader.read(bytes.subarray(places[index], place)));
      assert.deepEqual(read, requests);
      assert.equal(
        ended.reduce((sum, count) => sum + count, 0),
        requests.length,
      );
    }),
  );
});

test('a request is not read before its body is complete', () => {
  const reader = createRequestReader(() => undefined);
  const bytes = Buffer.from(bytesOf({ version: 1, bodyBytes: 40 }));
  assert.equal(reader.read(bytes.subarray(0, -1)), 0);
  assert.equal(reader.read(bytes.subarray(-1)), 1);
});

test('a request without a resourceVersion is read as one without a number', () => {
  const versions: number[] = [];
  const reader = createRequestReader((version) => versions.push(version));
  reader.read(Buffer.from('POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n'));
  assert.deepEqual(versions, [Number.NaN]);
});

test('a request without a Content-Length is refused instead of miscounted', () => {
  const reader = createRequestReader(() => undefined);
  assert.throws(
    () => reader.read(Buffer.from('POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n')),
    /Content-Length/,
  );
});
