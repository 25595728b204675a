import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Child, startHelper } from '../../bench/children.ts';
import type { Feed, FeederOptions, Listening } from '../../bench/messages.ts';
import { FIRST_VERSION } from '../../bench/objects.ts';

/** Processes that do not do what is expected of them must not keep the test waiting. */
const LIMIT = { timeout: 10_000 };

const OPTIONS: FeederOptions = { objectBytes: 3300, objects: 7 };
const PODS = '/api/v1/namespaces/bench/pods';

interface Line {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  };
}

async function portOf(feeder: Child): Promise<number> {
  return (await feeder.receive<Listening>('listening')).port;
}

function watch(port: number, query: string, accept = 'application/json'): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${PODS}?watch=1&allowWatchBookmarks=true&${query}`, { headers: { accept } });
}

/** The first lines of a watch, which ends then. */
async function take({ body }: Response, count: number): Promise<Line[]> {
  let text = '';
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const lines = text.split('\n');
    if (lines.length > count) return lines.slice(0, count).map((line) => JSON.parse(line) as Line);
  }
  throw new Error(`The watch ended after ${text.length} bytes.`);
}

test(
  'a watch brings every event once, in order: each object is added, then all are modified in turn',
  LIMIT,
  async () => {
    await using feeder = startHelper('feeder.ts', OPTIONS);
    const port = await portOf(feeder);
    const response = await watch(port, `resourceVersion=${FIRST_VERSION - 1}`);
    feeder.send({ kind: 'feed', upTo: 400 } satisfies Feed);
    const events = await take(response, 400);
    assert.deepEqual(
      events.map(({ object }) => Number(object.metadata.resourceVersion) - FIRST_VERSION),
      Array.from({ length: 400 }, (_, index) => index),
    );
    assert.deepEqual(
      events.map(({ type }) => type),
      [...Array(7).fill('ADDED'), ...Array(393).fill('MODIFIED')],
    );
    for (const [index, { object }] of events.entries()) {
      assert.ok(object.metadata.name.endsWith(`-0000${index % 7}`));
      assert.ok(object.metadata.uid.endsWith(`00000000000${index % 7}`));
    }
  },
);

test(
  'a watch that is resumed goes on after its resourceVersion, and one with no event to come brings a bookmark',
  LIMIT,
  async () => {
    await using feeder = startHelper('feeder.ts', OPTIONS);
    const port = await portOf(feeder);
    feeder.send({ kind: 'feed', upTo: 20 } satisfies Feed);
    const lines = await take(await watch(port, `resourceVersion=${FIRST_VERSION + 17}`), 3);
    assert.deepEqual(
      lines.map(({ type, object }) => [type, Number(object.metadata.resourceVersion) - FIRST_VERSION]),
      [
        ['MODIFIED', 18],
        ['MODIFIED', 19],
        ['BOOKMARK', 19],
      ],
    );
  },
);

test('a streaming list ends its empty initial events before the first change', LIMIT, async () => {
  await using feeder = startHelper('feeder.ts', OPTIONS);
  const port = await portOf(feeder);
  const response = await watch(port, 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan');
  feeder.send({ kind: 'feed', upTo: 2 } satisfies Feed);
  const [first, second] = await take(response, 2);
  assert.deepEqual(first, {
    type: 'BOOKMARK',
    object: {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: {
        resourceVersion: String(FIRST_VERSION - 1),
        annotations: { 'k8s.io/initial-events-end': 'true' },
      },
    },
  });
  assert.equal(second?.object.metadata.resourceVersion, String(FIRST_VERSION));
});

for (const [kind, accept] of [
  ['Pod', 'application/json'],
  ['PartialObjectMetadata', 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'],
] as const) {
  test(
    `objects that exist are listed once each as ${kind} before the bookmark, and then only modified`,
    LIMIT,
    async () => {
      await using feeder = startHelper('feeder.ts', { ...OPTIONS, objects: 400, existing: true });
      const port = await portOf(feeder);
      const list = await take(
        await watch(port, 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan', accept),
        401,
      );
      assert.deepEqual(
        list
          .slice(0, -1)
          .map(({ type, object }) => [type, object.kind, sequenceOf(object), numberIn(object.metadata.name)]),
        Array.from({ length: 400 }, (_, index) => ['ADDED', kind, index - 400, index]),
      );
      assert.deepEqual([list[400]?.type, list[400] && sequenceOf(list[400].object)], ['BOOKMARK', -1]);
      feeder.send({ kind: 'feed', upTo: 2 } satisfies Feed);
      const changes = await take(await watch(port, `resourceVersion=${FIRST_VERSION - 1}`), 2);
      assert.deepEqual(
        changes.map(({ type, object }) => [type, sequenceOf(object), numberIn(object.metadata.name)]),
        [
          ['MODIFIED', 0, 0],
          ['MODIFIED', 1, 1],
        ],
      );
    },
  );
}

function sequenceOf({ metadata }: Line['object']): number {
  return Number(metadata.resourceVersion) - FIRST_VERSION;
}

function numberIn(name: string): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}
