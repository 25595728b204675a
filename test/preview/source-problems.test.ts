import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findingText, readSources } from '../../src/preview/read-sources.ts';
import { createSourceChecks } from '../../src/preview/source-problems.ts';
import { ODD_VALUES, PLACES, withOdd } from '../manifests/odd-sources.ts';

const checks = createSourceChecks();

test('whatever stands in whatever place of a source, each problem is a line that says where it is', () => {
  const line = /^f:\d+:\d+: (?:metadata|spec)[^ ]*: \S.*[.?!]$/;
  fc.assert(
    fc.property(fc.constantFrom(...PLACES), fc.constantFrom(...ODD_VALUES), ({ source, path }, odd) => {
      const text = JSON.stringify(withOdd(source, path, odd), undefined, 2);
      const { sources, total, findings } = readSources('f', text, checks);
      assert.equal(total, 1);
      assert.equal(sources.length, findings.length === 0 ? 1 : 0);
      for (const finding of findings.map(findingText)) assert.match(finding, line);
    }),
    { numRuns: 300 },
  );
});

test('what a source is refused for beyond its schema is told once, by whoever says it first', () => {
  const source = {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ApiServerSource',
    metadata: { name: 'a' },
    spec: {
      resources: [{ apiVersion: 'v1', kind: 'Pod', fieldSelector: 'spec' }],
      sink: { uri: 'http://orders' },
      filters: [{ cesql: '1 +' }, { exact: { type: 'a' }, prefix: { type: 'b' } }],
    },
  };
  const paths = checks.problems(source).map(({ path }) => path.join('.'));
  assert.deepEqual(paths.toSorted(), ['spec.filters.0.cesql', 'spec.filters.1', 'spec.resources.0.fieldSelector']);
});
