import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destination, type Destination, readDestination, shown } from '../../src/reconcile/destination.ts';

const BROKER = { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: 'default' };

test('a destination is a reference, a URI, or a reference with a URI that is relative to it', () => {
  assert.deepEqual(readDestination({ uri: 'http://sink.shop/a' }, 'shop'), { is: 'uri', uri: 'http://sink.shop/a' });
  assert.deepEqual(readDestination({ ref: BROKER }, 'shop'), {
    is: 'reference',
    reference: { ...BROKER, namespace: 'shop' },
    relativeUri: undefined,
  });
  assert.deepEqual(readDestination({ ref: { ...BROKER, namespace: 'bus', address: 'tls' }, uri: '/a' }, 'shop'), {
    is: 'reference',
    reference: { ...BROKER, namespace: 'bus', address: 'tls' },
    relativeUri: '/a',
  });
});

test('what cannot be meant is a problem that says what to do', () => {
  const table: readonly (readonly [Destination, code: string, sentence: RegExp])[] = [
    [{}, 'nothingNamed', /neither ref nor uri; give one/],
    [{ uri: '' }, 'nothingNamed', /neither ref nor uri/],
    [{ uri: '/path' }, 'uriRelative', /"\/path" has no scheme and host, and there is no ref/],
    [{ uri: 'sink.shop' }, 'uriRelative', /write it as http:\/\/HOST\/PATH/],
    [{ uri: 'http:sink' }, 'uriRelative', /no scheme and host/],
    [{ uri: 'http:///path' }, 'uriRelative', /no scheme and host/],
    [{ ref: { kind: 'Broker' } }, 'referenceIncomplete', /add ref\.apiVersion, ref\.name\./],
    [{ ref: { ...BROKER, name: '' }, uri: '/a' }, 'referenceIncomplete', /add ref\.name\./],
    [{ ref: BROKER, uri: 'http://u:p@sink/a?key=1' }, 'uriAbsolute', /absolute uri "http:\/\/\*\*\*@sink\/a"/],
  ];
  for (const [given, code, sentence] of table) {
    const read = readDestination(given, 'shop');
    assert.equal(read.is === 'problem' && read.code, code, JSON.stringify(given));
    assert.match(read.is === 'problem' ? read.sentence : '', sentence);
  }
});

test('of what a manifest holds, what a destination does not know is left out', () => {
  const manifest = { ref: { ...BROKER, group: 'x' }, uri: '/a', CACerts: 'pem', audience: 'me', other: 1 };
  assert.deepEqual(destination.parse(manifest), { ref: BROKER, uri: '/a', CACerts: 'pem', audience: 'me' });
  assert.equal(destination.safeParse({ uri: 1 }).success, false);
});

test('a URI is shown without user, password and query, and cut', () => {
  assert.equal(shown('http://me:secret@sink/a?token=1#x'), '"http://***@sink/a"');
  assert.equal(shown('me:secret@sink'), '"***@sink"');
  assert.equal(shown(`http://${'a'.repeat(300)}`).length, 130);
});
