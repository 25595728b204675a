import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingText, readSources } from '../../src/preview/read-sources.ts';
import { createSourceChecks } from '../../src/preview/source-problems.ts';

const checks = createSourceChecks();

function told(text: string): readonly string[] {
  return readSources('f', text, checks).findings.map(findingText);
}

const GOOD = `apiVersion: sources.knative.dev/v1
kind: ApiServerSource
metadata: {name: good}
spec:
  resources: [{apiVersion: v1, kind: Pod}]
  sink: {uri: http://orders}
`;

const CASES: readonly (readonly [what: string, text: string, says: readonly (string | RegExp)[]])[] = [
  ['nothing', '', []],
  ['a good source', GOOD, []],
  ['another kind', 'apiVersion: v1\nkind: Pod\nspec: {wrong: true}\n', []],
  ['a kind of the same name of nobody we know', 'apiVersion: example.com/v1\nkind: Other\n', []],
  ['a list', '- a\n', ['f:1:1: expected an object with apiVersion, kind, metadata and spec; found ["a"].']],
  [
    'no kind',
    'a: 1\n',
    [/^f:1:1: apiVersion: expected a text, .* found nothing\.$/, /^f:1:1: kind: expected a text, .* found nothing\.$/],
  ],
  [
    'a kind in lower case',
    GOOD.replace('ApiServerSource', 'apiserversource'),
    ['f:2:7: kind: expected ApiServerSource; found "apiserversource"; mind upper and lower case.'],
  ],
  [
    'an old version',
    GOOD.replace('dev/v1', 'dev/v1alpha2'),
    ['f:1:13: apiVersion: expected sources.knative.dev/v1; found "sources.knative.dev/v1alpha2".'],
  ],
  [
    'an old version and something else',
    GOOD.replace('dev/v1', 'dev/v1alpha2').replace('sink', 'sinks'),
    [
      'f:1:13: apiVersion: expected sources.knative.dev/v1; found "sources.knative.dev/v1alpha2".',
      /^f:4:1: spec\.sink: expected a value; found none\./,
      /^f:6:3: spec\.sinks: expected a field that spec has; found "sinks"\. The nearest is sink; then /,
    ],
  ],
  [
    'two problems of a rule and of the form',
    GOOD.replace('v1, kind: Pod', 'a/b/c, kind: Pod').replace('spec:', 'spec:\n  mode: resource'),
    [
      'f:5:9: spec.mode: expected one of "Reference", "Resource"; found "resource"; write "Resource".',
      'f:6:28: spec.resources[0].apiVersion: expected group/version such as apps/v1, or v1 for the core group; found "a/b/c".',
    ],
  ],
  [
    'a filter that only its engine understands',
    `${GOOD}  filters: [{cesql: subject LIKE}]\n`,
    [/^f:7:21: spec\.filters\[0\]\.cesql: expected .*\.$/],
  ],
  [
    'a certificate that is none',
    GOOD.replace(
      '{uri: http://orders}',
      '\n    uri: https://orders\n    CACerts: |\n      -----BEGIN CERTIFICATE-----\n      AAAA\n      -----END CERTIFICATE-----',
    ),
    [/^f:8:14: spec\.sink\.CACerts: has a certificate that cannot be read/],
  ],
  [
    'a source in a List',
    `apiVersion: v1\nkind: List\nitems:\n- ${GOOD.trimEnd().replace('Pod', 'P d').replaceAll('\n', '\n  ')}\n`,
    [/^f:8:40: spec\.resources\[0\]\.kind: expected a kind such as Deployment/],
  ],
  ['what is no YAML', 'a: b: c\n', ['f:1:4: expected YAML; Nested mappings are not allowed in compact mappings.']],
];

for (const [what, text, says] of CASES) {
  test(`a file is read with ${what}`, () => {
    const lines = told(text);
    assert.equal(lines.length, says.length, lines.join('\n'));
    for (const [i, line] of lines.entries()) {
      const wanted = says[i] ?? '';
      if (typeof wanted === 'string') assert.equal(line, wanted);
      else assert.match(line, wanted);
    }
  });
}

test('fields without a value count as absent, as they do for the API server', () => {
  const empty = ['owner', 'filters', 'namespaceSelector', 'ceOverrides', 'delivery', 'adapter', 'payload', 'mode'];
  const { sources, findings } = readSources('f', `${GOOD}${empty.map((name) => `  ${name}:\n`).join('')}`, checks);
  assert.deepEqual(findings, []);
  assert.deepEqual(sources[0]?.spec, {
    resources: [{ apiVersion: 'v1', kind: 'Pod' }],
    sink: { uri: 'http://orders' },
    mode: 'Reference',
    serviceAccountName: 'default',
  });
});

test('what is good is handed on, and what is not is counted', () => {
  const { sources, total } = readSources('f', [GOOD, GOOD.replace('name: good', 'name: Bad')].join('---\n'), checks);
  assert.deepEqual(
    sources.map(({ metadata }) => metadata.name),
    ['good'],
  );
  assert.equal(total, 2);
});
