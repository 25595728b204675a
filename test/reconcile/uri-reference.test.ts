import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { resolveReference } from '../../src/reconcile/uri-reference.ts';

test('references resolve as the examples of RFC 3986, section 5.4, say', () => {
  const examples: Readonly<Record<string, string>> = {
    'g:h': 'g:h',
    g: 'http://a/b/c/g',
    './g': 'http://a/b/c/g',
    'g/': 'http://a/b/c/g/',
    '/g': 'http://a/g',
    '//g': 'http://g',
    '?y': 'http://a/b/c/d;p?y',
    'g?y': 'http://a/b/c/g?y',
    '#s': 'http://a/b/c/d;p?q#s',
    'g#s': 'http://a/b/c/g#s',
    'g?y#s': 'http://a/b/c/g?y#s',
    ';x': 'http://a/b/c/;x',
    'g;x?y#s': 'http://a/b/c/g;x?y#s',
    '': 'http://a/b/c/d;p?q',
    '.': 'http://a/b/c/',
    './': 'http://a/b/c/',
    '..': 'http://a/b/',
    '../': 'http://a/b/',
    '../g': 'http://a/b/g',
    '../..': 'http://a/',
    '../../g': 'http://a/g',
    '../../../g': 'http://a/g',
    '/./g': 'http://a/g',
    '/../g': 'http://a/g',
    'g.': 'http://a/b/c/g.',
    '..g': 'http://a/b/c/..g',
    './../g': 'http://a/b/g',
    './g/.': 'http://a/b/c/g/',
    'g/./h': 'http://a/b/c/g/h',
    'g/../h': 'http://a/b/c/h',
    'g;x=1/../y': 'http://a/b/c/y',
    'g?y/../x': 'http://a/b/c/g?y/../x',
  };
  for (const [reference, expected] of Object.entries(examples)) {
    assert.equal(resolveReference('http://a/b/c/d;p?q', reference), expected, reference);
  }
});

test('the forms that sinks use resolve as upstream resolves them, and an address is not rewritten', () => {
  const table: readonly (readonly [base: string, reference: string, expected: string])[] = [
    ['http://h/a/b', 'c', 'http://h/a/c'],
    ['http://h/a/b', '/c', 'http://h/c'],
    ['http://h', 'c', 'http://h/c'],
    ['http://h', '/', 'http://h/'],
    ['http://h', '../c', 'http://h/c'],
    ['http://h/a/b', '?q=1', 'http://h/a/b?q=1'],
    ['http://H.example:80', '/%7Ec', 'http://H.example:80/%7Ec'],
  ];
  for (const [base, reference, expected] of table) assert.equal(resolveReference(base, reference), expected);
});

test('references resolve as URL resolves them, wherever that rewrites nothing', () => {
  const segment = fc.constantFrom('a', 'bc', '.', '..', '', 'd;e', '~f');
  const path = fc.array(segment, { maxLength: 6 }).map((parts) => parts.join('/'));
  const query = fc.constantFrom('', '?q', '?a/../b');
  fc.assert(
    fc.property(path, fc.boolean(), path, query, (of, rooted, to, and) => {
      const base = `http://sink.shop/${of.replace(/^\/+/, '')}`;
      const reference = `${rooted ? '/' : ''}${to.replace(/^\/+/, '')}${and}`;
      const normal = new URL(base).href;
      assert.equal(resolveReference(normal, reference), new URL(reference, normal).href);
    }),
    { numRuns: 2_000 },
  );
});
