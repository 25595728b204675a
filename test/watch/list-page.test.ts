import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Resource } from '../../src/kube/resource.ts';
import { type ListPage, readListPage } from '../../src/watch/list-page.ts';
import { readWatchLine } from '../../src/watch/watch-line.ts';
import { anyDice, anyText, layOut, Verbatim } from '../support/json-text.ts';
import { anyListedText, anyObjectText, headByParsing } from './any-object.ts';

const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
  verbs: ['list', 'watch'],
};
const PODS: Resource = { ...DEPLOYMENTS, group: '', plural: 'pods', kind: 'Pod' };

const METADATA = '"metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"7"}';
const HEAD = { namespace: 'n', name: 'a', uid: 'u', resourceVersion: '7' };

function read(text: string, resource = DEPLOYMENTS): ListPage {
  return readListPage(Buffer.from(text), resource);
}

function objectsOf(page: ListPage): readonly { head: object; text: string }[] {
  if (page.is === 'malformed') assert.fail(page.sentence);
  return page.objects.map(({ head, bytes }) => ({ head, text: bytes.toString() }));
}

test('a page is read in every layout, and each item is what a watch would have sent', () => {
  const item = fc.oneof({ weight: 9, arbitrary: anyListedText() }, anyObjectText());
  const anyPage = fc.tuple(fc.array(item, { maxLength: 3 }), anyText(), anyText(), anyDice());
  fc.assert(
    fc.property(anyPage, ([items, version, token, dice]) => {
      const metadata = { resourceVersion: version, continue: token, remainingItemCount: 3 };
      const list = {
        kind: 'DeploymentList',
        apiVersion: 'apps/v1',
        metadata,
        items: items.map((it) => new Verbatim(it)),
      };
      const page = read(` ${layOut(list, dice)}`);
      if (version === '' || !items.every((it) => headByParsing(it) !== undefined)) {
        assert.equal(page.is, 'malformed');
        return;
      }
      assert.ok(page.is === 'page');
      assert.equal(page.resourceVersion, version);
      assert.equal(page.continueToken, token === '' ? undefined : token);
      const watched = items.map((it) => {
        const typeMeta = { kind: 'Deployment', apiVersion: 'apps/v1' };
        const object: unknown = JSON.parse(it);
        return {
          head: headByParsing(it),
          object: Object.hasOwn(object as object, 'kind') ? object : { ...typeMeta, ...(object as object) },
        };
      });
      assert.deepEqual(
        page.objects.map(({ head, bytes }) => ({ head, object: JSON.parse(bytes.toString()) as unknown })),
        watched,
      );
    }),
    { numRuns: 300 },
  );
});

test('an item without a kind is given that of the resource, and one that has it comes out as it came', () => {
  const rows: [resource: Resource, item: string, object: string][] = [
    [PODS, `{${METADATA}}`, `{"kind":"Pod","apiVersion":"v1",${METADATA}}`],
    [DEPLOYMENTS, `{${METADATA},"spec":1.0}`, `{"kind":"Deployment","apiVersion":"apps/v1",${METADATA},"spec":1.0}`],
    [PODS, `{ ${METADATA} }`, `{"kind":"Pod","apiVersion":"v1", ${METADATA} }`],
    [PODS, `{${METADATA},"spec":{"kind":"x"}}`, `{"kind":"Pod","apiVersion":"v1",${METADATA},"spec":{"kind":"x"}}`],
    [PODS, `{${METADATA},"kind":"Pod","apiVersion":"v1"}`, `{${METADATA},"kind":"Pod","apiVersion":"v1"}`],
    [PODS, `{"k\\u0069nd":"Pod",${METADATA}}`, `{"k\\u0069nd":"Pod",${METADATA}}`],
    [
      PODS,
      `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",${METADATA}}`,
      `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",${METADATA}}`,
    ],
  ];
  for (const [resource, item, object] of rows) {
    const page = read(`{"metadata":{"resourceVersion":"9"},"items":[${item}]}`, resource);
    assert.deepEqual(objectsOf(page), [{ head: HEAD, text: object }]);
    const line = readWatchLine(Buffer.from(`{"type":"ADDED","object":${object}}`));
    assert.deepEqual(line.is === 'object' && line.head, HEAD);
  }
});

test('a list of nothing is an empty page', () => {
  for (const items of ['"items":[]', '"items": [ ]', '"items":null']) {
    for (const text of [
      `{"metadata":{"resourceVersion":"9"},${items}}`,
      `{${items},"metadata":{"resourceVersion":"9"}}`,
    ]) {
      assert.deepEqual(read(text), { is: 'page', resourceVersion: '9', continueToken: undefined, objects: [] }, text);
    }
  }
});

test('a page that is not the last carries a token, in whatever place and writing', () => {
  const rows: [metadata: string, token: string | undefined][] = [
    ['"resourceVersion":"9","continue":"abc","remainingItemCount":2', 'abc'],
    ['"continue":"a\\u0062c","resourceVersion":"9"', 'abc'],
    ['"resourceVersion":"9","continue":""', undefined],
    ['"resourceVersion":"9","continue":null', undefined],
    ['"resourceVersion":"9"', undefined],
  ];
  for (const [metadata, token] of rows) {
    const page = read(`{"kind":"PodList","metadata":{${metadata}},"items":[]}`);
    assert.equal(page.is === 'page' && page.continueToken, token, metadata);
  }
});

test('what is no list is malformed, so that nothing is taken for deleted because of it', () => {
  const rv = '"metadata":{"resourceVersion":"9"}';
  const rows: [text: string, sentence: RegExp][] = [
    ['', /a list that is not JSON.* has 0 bytes/],
    ['<html></html>', /not JSON; it starts with "<html>/],
    ['[]', /not JSON/],
    ['null', /not JSON/],
    [`{${rv},"items":[`, /not JSON/],
    [`{${rv},"items":[{${METADATA}}]`, /not JSON/],
    ['{}', /without metadata.resourceVersion/],
    ['{"items":[]}', /without metadata.resourceVersion/],
    ['{"metadata":{},"items":[]}', /without metadata.resourceVersion/],
    ['{"metadata":null,"items":[]}', /without metadata.resourceVersion/],
    ['{"metadata":{"resourceVersion":""},"items":[]}', /without metadata.resourceVersion/],
    ['{"metadata":{"resourceVersion":9},"items":[]}', /without metadata.resourceVersion/],
    ['{"kind":"Status","metadata":{},"status":"Success"}', /without metadata.resourceVersion/],
    [`{${rv}}`, /without items/],
    [`{"kind":"Table",${rv},"rows":[]}`, /without items/],
    [`{${rv},"items":{}}`, /without items/],
    [`{${rv},"items":"none"}`, /without items/],
    [`{${rv},"items":[1 2]}`, /items are not JSON/],
    [`{${rv},"items":[null]}`, /a listed object without name, uid and resourceVersion/],
    [`{${rv},"items":[{${METADATA}},{}]}`, /a listed object without name, uid and resourceVersion/],
    [`{${rv},"items":[{"metadata":{"name":"a","uid":"u"}}]}`, /a listed object without name/],
  ];
  for (const [text, sentence] of rows) {
    const page = read(text);
    assert.equal(page.is, 'malformed', text);
    assert.match(page.is === 'malformed' ? page.sentence : '', sentence);
  }
});

test('no bytes make the reader throw', () => {
  const page = Buffer.from(
    `{"kind":"PodList","metadata":{"resourceVersion":"9","continue":"c"},"items":[{${METADATA}},{${METADATA}}]}`,
  );
  fc.assert(
    fc.property(fc.nat(), fc.uint8Array({ maxLength: 3 }), fc.nat(4), (at, put, remove) => {
      const start = at % (page.length + 1);
      const broken = Buffer.concat([page.subarray(0, start), put, page.subarray(start + remove)]);
      assert.ok(['page', 'malformed'].includes(readListPage(broken, PODS).is));
      assert.equal(start === page.length || readListPage(page.subarray(0, start), PODS).is === 'malformed', true);
    }),
    { numRuns: 1_000 },
  );
});

test('the sentence about a malformed page is short and safe to log', () => {
  const page = read(`\u001b[31m\u009b\n${'x'.repeat(1_000_000)}`);
  const sentence = page.is === 'malformed' ? page.sentence : assert.fail();
  assert.ok(sentence.length < 600);
  assert.doesNotMatch(sentence, /[\p{Cc}\p{Zl}\p{Zp}]/u);
});
