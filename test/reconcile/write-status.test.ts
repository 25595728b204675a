import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { KubeRequest } from '../../src/kube/client.ts';
import { type ConditionedStatus, writeStatus } from '../../src/reconcile/write-status.ts';
import { never } from '../kube/scripted-server.ts';

const RESOURCE = { group: 'a.b', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true, verbs: [] };

type Json = Readonly<Record<string, unknown>>;

/** The body that was sent, or undefined. */
async function written(before: Json | undefined, after: Json): Promise<Json | undefined> {
  let body: unknown;
  const kube = {
    json: async <T>(request: KubeRequest): Promise<T> => {
      body = request.body;
      return {} as T;
    },
  };
  const metadata = { name: 'one', namespace: 'shop', generation: 3, resourceVersion: '7' };
  const object = {
    apiVersion: 'a.b/v1',
    kind: 'Thing',
    metadata,
    ...(before && { status: before as ConditionedStatus }),
  };
  await writeStatus<ConditionedStatus>(kube, RESOURCE, object, after, never());
  return body as Json | undefined;
}

/** RFC 7386, as its section 2 has it. */
function patched(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = patched(result[key], value);
  }
  return result;
}

const anyStatus: fc.Arbitrary<Json> = fc.letrec<{ value: unknown; object: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', '', 1, true),
    fc.array(fc.constantFrom('a', 1), { maxLength: 2 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
})).object;

test('what is sent turns the status that is there into the one that is wanted, and nothing is sent where they agree', async () => {
  await fc.assert(
    fc.asyncProperty(anyStatus, anyStatus, async (before, wanted) => {
      const after = { ...wanted, observedGeneration: 3 };
      const body = await written(before, wanted);
      assert.deepEqual(patched(before, body?.['status'] ?? {}), after);
      if (body !== undefined) assert.deepEqual(body['metadata'], { resourceVersion: '7' });
      assert.equal(await written(after, wanted), undefined);
    }),
    { numRuns: 500 },
  );
});

test('only what differs is sent', async () => {
  const before = { observedGeneration: 3, sinkUri: 'http://a', auth: { one: '1', two: '2' } };
  assert.deepEqual(await written(before, { sinkUri: 'http://a', auth: { two: '3' } }), {
    metadata: { resourceVersion: '7' },
    status: { auth: { one: null, two: '3' } },
  });
  assert.deepEqual(await written(undefined, {}), {
    metadata: { resourceVersion: '7' },
    status: { observedGeneration: 3 },
  });
});
