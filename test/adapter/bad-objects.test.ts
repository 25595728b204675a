import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import type { PayloadConfig } from '../../src/adapter/payload-config.ts';
import { runPipeline } from '../../src/adapter/pipeline.ts';
import { createLedger } from '../../src/checkpoint/ledger.ts';
import { createLanes } from '../../src/delivery/lanes.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/delivery/judge.ts';
import { createSink } from '../../src/delivery/sink.ts';
import { compileCel } from '../../src/events/cel/cel.ts';
import type { CelTrouble } from '../../src/events/cel/trouble.ts';
import type { Condition } from '../../src/events/conditions/condition.ts';
import { partsChanged } from '../../src/events/conditions/changed-parts.ts';
import { judgeBy, whenTrue } from '../../src/events/conditions/when.ts';
import { compileFilters } from '../../src/events/filters/compile-filters.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import { watchStream } from '../../src/watch/watch-stream.ts';
import { originOf } from '../events/changes.ts';
import { accessTo, answer, clientFor, scriptedServer } from '../kube/scripted-server.ts';
import { eventually } from '../support/eventually.ts';
import { anyDice, anyJson, layOut } from '../support/json-text.ts';
import { recordingSink } from '../support/recording-sink.ts';
import { PODS } from '../watch/pods.ts';
import { endOfList } from '../watch/objects.ts';
import { questionOf } from '../watch/scripted-stream.ts';
import { deliveringIo } from './pipeline-io.ts';

/** What stands in the place of a spec: text that goes into the line as it is. */
type Spec = string;

const DEEP = 20_000;
/** Values that have broken readers of JSON, each a valid one. */
const NASTY: readonly Spec[] = [
  `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  '{"__proto__":{"wanted":true},"constructor":{"prototype":{"wanted":true}},"toString":1}',
  '{"wanted":true,"wanted":false}',
  '"\u2028\u2029\ufeff\u0085\u007f"',
  String.raw`"\u0000\u001f\b\f\n\r\t\"\\\/"`,
  String.raw`{"\ud800":"\udfff","a":"\ud83d"}`,
  String.raw`{"wanted":true,"note":"}]},\"metadata\":{\"name\":\"other\"}"}`,
  '[9007199254740993,1.0,1e400,-0,1E-400]',
  `{"wanted":true,"text":"${'x'.repeat(6 * 1024 * 1024)}"}`,
  `"${String.raw`\"`.repeat(200_000)}"`,
  `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":{"wanted":true}`).join(',')},"wanted":true}`,
  'null',
  '{}',
];
/** What is no value of JSON, in a line whose object has a head all the same. */
const NO_JSON: readonly Spec[] = ['', '{"a":}', '[1,]', '"\ud800', 'nul', '}', '{"a":1}}', '\u0000', "'a'"];
/** Lines that are none of a watch. */
const NO_LINES: readonly string[] = [
  '',
  'null',
  '<html>',
  '{"type":"ADDED"}',
  '{"type":"ADDED","object":{}}',
  '{"type":"ADDED","object":{"metadata":{"name":"x","resourceVersion":"1"}}}',
  '{"type":"SOMETHING","object":{"metadata":{"name":"x","uid":"u","resourceVersion":"1"}}}',
  '{"type":"ADDED","object":[]}',
  '{"type":"BOOKMARK","object":{}}',
  `{"type":"ADDED","object":{"metadata":{"name":"${String.raw`\ud800`}`,
  '['.repeat(DEEP),
  `{"type":"ADDED","object":{"kind":"${'x'.repeat(9 * 1024 * 1024)}`,
];

interface Line {
  /** Without its line feed. */
  readonly text: Buffer;
  /** Undefined: nobody can know what the line is about. */
  readonly version: number | undefined;
}

function objectOf(version: number, spec: Spec): Buffer {
  const metadata = `{"name":"o${version}","namespace":"shop","uid":"u${version}","resourceVersion":"${version}","annotations":{"note":"${version}","kubectl.kubernetes.io/last-applied-configuration":"{\\"a\\":[]}"},"managedFields":[{"manager":"m","fieldsV1":{"f:a":{}}}]}`;
  return Buffer.from(`{"kind":"Pod","apiVersion":"v1","metadata":${metadata},"spec":${spec}}`);
}

function lineOf(version: number, spec: Spec): Line {
  const text = Buffer.concat([Buffer.from('{"type":"ADDED","object":'), objectOf(version, spec), Buffer.from('}')]);
  return { text, version };
}

/** All of them, with a good one after each. */
function mixed(specs: readonly Spec[], noLines: readonly string[]): { lines: Line[]; objects: Map<number, Buffer> } {
  const objects = new Map<number, Buffer>();
  const lines: Line[] = [];
  let version = 10;
  const add = (spec: Spec): void => {
    version++;
    objects.set(version, objectOf(version, spec));
    lines.push(lineOf(version, spec));
  };
  for (const [i, spec] of specs.entries()) {
    const noLine = noLines[i];
    if (noLine !== undefined) lines.push({ text: Buffer.from(noLine), version: undefined });
    add(spec);
    add(`{"wanted":true,"good":${i}}`);
  }
  return { lines, objects };
}

interface Told {
  /** By version. */
  readonly bodies: ReadonlyMap<number, Buffer>;
  readonly troubles: readonly CelTrouble[];
  /** How often the watch ended in something unintelligible. */
  readonly malformed: number;
  readonly lacks: number;
}

/** What arrives of `lines` at a sink. Lines that nobody understands are told once, as a proxy that stumbles tells them. */
async function tell(
  t: TestContext,
  lines: readonly Line[],
  until: number,
  options: { readonly when?: string; readonly filter?: string; readonly payload?: PayloadConfig } = {},
): Promise<Told> {
  const told = new Set<Line>();
  const watches = (from: number, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const line of lines) {
      if (line.version === undefined ? told.has(line) : line.version <= from) continue;
      told.add(line);
      response.write(line.text);
      response.write('\n');
      if (line.version === undefined) return;
    }
  };
  await using server = await scriptedServer((request, response) => {
    const question = questionOf(request);
    const from = Number(/^watch (\d+)/.exec(question)?.[1]);
    if (question === 'streaming list')
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${endOfList('10')}\n`);
    else if (question.startsWith('watch')) watches(from, response);
    else answer(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '10' }, items: [] });
  });
  const delivering = deliveringIo(options.payload);
  const { clock, metrics } = delivering;
  const stop = new AbortController();
  const recorded = await recordingSink(t);
  const sink = createSink({
    url: new URL(recorded.url),
    ca: [],
    connections: 4,
    timeoutMs: 30_000,
    contentMode: 'binary',
    headers: [],
  });
  const lanes = createLanes({
    sink,
    deadLetterSink: undefined,
    policy: DEFAULT_RETRY_POLICY,
    clock,
    inFlight: 16,
    bufferBytes: 32 * 1024 * 1024,
    maySend: () => true,
    tell: () => undefined,
    signal: stop.signal,
  });
  const filters = compileFilters(options.filter === undefined ? [] : [{ cesql: options.filter }]);
  if (filters.is === 'wrong') throw new Error(JSON.stringify(filters.problems));
  const troubles: CelTrouble[] = [];
  const conditions: Condition[] = [];
  if (options.when !== undefined) {
    const expression = compileCel(options.when);
    if (expression.is === 'wrong') throw new Error(expression.messages.join());
    conditions.push(
      whenTrue(judgeBy(expression, (trouble) => troubles.push(trouble))),
      partsChanged(['Spec', 'Labels']),
    );
  }
  let malformed = 0;
  const known = createKnownObjects();
  const steps = watchStream(
    PODS,
    known,
    {
      kube: clientFor(t, accessTo(server.url)),
      clock,
      tell: (news) => {
        if (news.is === 'interrupted' && news.error.code === 'malformed') malformed++;
      },
    },
    stop.signal,
  );
  const ledger = createLedger({ known, start: undefined, clock });
  const io = { ...delivering, lanes, filters };
  const run = clock.settle(runPipeline(PODS, steps, originOf({}), ledger, io, stop.signal, { conditions }));
  await eventually(
    () => `everything to be settled; position ${ledger.position()?.resourceVersion}, of ${until}`,
    () => ledger.position()?.resourceVersion === String(until),
  );
  stop.abort();
  await run;
  await sink.close();
  const { values = [] } = (await metrics.registry.getSingleMetric('watchbridge_payload_lacks_total')?.get()) ?? {};
  return {
    bodies: new Map(recorded.accepted().map(({ headers, body }) => [Number(headers['ce-resourceversion']), body])),
    troubles,
    malformed,
    lacks: values.reduce((sum, { value }) => sum + value, 0),
  };
}

const anySpecs = fc
  .array(fc.tuple(anyJson(), anyDice()), { minLength: 5, maxLength: 20 })
  .map((values) => values.map(([value, dice]) => layOut(value, dice)));

test('whatever stands in objects and between them, every object arrives byte for byte, and what is no line is counted', async (t) => {
  await fc.assert(
    fc.asyncProperty(anySpecs, async (specs) => {
      const { lines, objects } = mixed([...NASTY, ...NO_JSON, ...specs], NO_LINES);
      const { bodies, malformed } = await tell(t, lines, Math.max(...objects.keys()));
      assert.deepEqual([...bodies.keys()].sort(byNumber), [...objects.keys()]);
      for (const [version, body] of objects) assert.ok(bodies.get(version)?.equals(body), `object ${version}`);
      assert.equal(malformed, NO_LINES.length);
    }),
    { numRuns: 3, endOnFailure: true },
  );
});

test('whatever is asked of such objects, each good one is judged and cut by itself, and each bad one is counted', async (t) => {
  const when = "object.spec.wanted == true && !object.metadata.name.matches('(x+)+$')";
  const filter = "note <> 'nothing' AND subject LIKE '/apis/v1/%'";
  const payload = { managedFields: 'Drop', lastApplied: 'Drop', annotationExtensions: { note: 'note' } } as const;
  await fc.assert(
    fc.asyncProperty(anySpecs, async (specs) => {
      const { lines, objects } = mixed([...NASTY, ...NO_JSON, ...specs], NO_LINES);
      const { bodies, troubles, malformed } = await tell(t, lines, Math.max(...objects.keys()), {
        when,
        filter,
        payload,
      });
      const wanted = [...objects].filter(([, body]) => isWanted(body));
      assert.deepEqual(
        [...bodies.keys()].sort(byNumber),
        wanted.map(([version]) => version),
      );
      for (const [version, body] of wanted)
        assert.equal(bodies.get(version)?.toString(), cut(body), `object ${version}`);
      assert.equal(troubles.filter((it) => it === 'malformed').length, NO_JSON.length);
      assert.ok(troubles.filter((it) => it === 'missing').length >= 5);
      assert.equal(malformed, NO_LINES.length);
    }),
    { numRuns: 2, endOnFailure: true },
  );
});

test('an object that cannot be cut is told by its name, and counted', async (t) => {
  const { lines, objects } = mixed(NO_JSON, []);
  const fields = ['spec.good'];
  const { bodies, lacks } = await tell(t, lines, Math.max(...objects.keys()), { payload: { fields } });
  assert.deepEqual([...bodies.keys()].sort(byNumber), [...objects.keys()]);
  for (const [version, body] of bodies) assert.ok(body.includes(`"name":"o${version}"`), `object ${version}`);
  assert.ok(lacks > 0);
});

/** What the expression means, by JSON.parse. */
function isWanted(body: Buffer): boolean {
  let object: { readonly spec?: unknown };
  try {
    object = JSON.parse(body.toString()) as typeof object;
  } catch {
    return false;
  }
  const { spec } = object;
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec) || !Object.hasOwn(spec, 'wanted')) return false;
  return (spec as { wanted?: unknown }).wanted === true;
}

function cut(body: Buffer): string {
  return body
    .toString()
    .replace(/,"managedFields":\[\{"manager":"m","fieldsV1":\{"f:a":\{\}\}\}\]/, '')
    .replace(/,"kubectl\.kubernetes\.io\/last-applied-configuration":"(?:[^"\\]|\\.)*"/, '');
}

function byNumber(a: number, b: number): number {
  return a - b;
}
