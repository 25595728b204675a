import { type CelExpression, compileCel } from '../src/events/cel/cel.ts';
import { partsChanged } from '../src/events/conditions/changed-parts.ts';
import { onTransition } from '../src/events/conditions/on-transition.ts';
import { judgeBy, whenTrue } from '../src/events/conditions/when.ts';
import { compileFilters } from '../src/events/filters/compile-filters.ts';
import { type Origin, toCloudEvent } from '../src/events/from-change.ts';
import { createPayload, type PayloadRules } from '../src/events/shaping/payload.ts';
import type { Change } from '../src/watch/change.ts';
import { print } from './command.ts';
import { machineLine } from './machine.ts';
import { lineTemplate } from './objects.ts';
import { quantile } from './quantile.ts';
import { transfers } from './transfer.ts';
import { TWENTY_FILTERS } from './twenty-filters.ts';

/**
 * `node bench/filters.ts`: what it costs to decide about an event of a Pod of 3 KB, and to shape it, in microseconds of
 * a processor; and the bytes that it takes. All in this process; medians of some rounds, since others work on the
 * machine as well.
 */
const OBJECT_BYTES = 3_300;
const ROUNDS = 15;
const EVENTS = 10_000;

const LINE = lineTemplate('MODIFIED', OBJECT_BYTES).bytes;
const BODY = LINE.subarray(LINE.indexOf('{', 1), LINE.length - 2);
const CHANGE: Change = {
  type: 'update',
  object: { namespace: 'bench', name: 'web-0', uid: '0c119059-7113-41e9-a6c5-000000000001', resourceVersion: '7' },
  body: BODY,
  before: undefined,
  foundBy: 'watch',
};
const ORIGIN: Origin = {
  server: 'https://10.96.0.1:443',
  resource: { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true, verbs: ['list', 'watch'] },
  mode: 'Resource',
  scope: '5ca1ab1e',
  overrides: {},
};
const EVENT = toCloudEvent(CHANGE, ORIGIN, { epoch: 0, now: 0 });
const KEPT: PayloadRules = {
  dropManagedFields: false,
  dropLastApplied: false,
  fields: undefined,
  maxBytes: undefined,
  extensions: [],
  digest: undefined,
};

function filter(...filters: readonly object[]): () => unknown {
  const compiled = compileFilters(filters);
  if (compiled.is === 'wrong') throw new Error(JSON.stringify(compiled.problems));
  return () => compiled.judge(EVENT);
}

function cel(text: string): CelExpression {
  const compiled = compileCel(text);
  if (compiled.is === 'wrong') throw new Error(compiled.messages.join('; '));
  return compiled;
}

/** The evaluation alone, of an object that is parsed. */
function evaluation(text: string): () => unknown {
  const { evaluate } = cel(text);
  const object: unknown = JSON.parse(BODY.toString());
  return () => evaluate(object, 'update');
}

function shaping(rules: Partial<PayloadRules>): () => unknown {
  const payload = createPayload({ ...KEPT, ...rules }, ORIGIN);
  return () => payload.data(EVENT, CHANGE);
}

const SIMPLE = "object.status.phase == 'Running'";

const SUBJECTS: Readonly<Record<string, () => unknown>> = {
  exact: filter({ exact: { type: EVENT.type, kind: 'Pod' } }),
  prefix: filter({ prefix: { subject: '/apis/v1/namespaces/bench/' } }),
  suffix: filter({ suffix: { type: '.update' } }),
  "cesql kind = 'Pod'": filter({ cesql: "kind = 'Pod'" }),
  "cesql subject LIKE '%/web-%' AND kind IN ('Pod', 'Node')": filter({
    cesql: "subject LIKE '%/web-%' AND kind IN ('Pod', 'Node')",
  }),
  '20 filters, the last of which decides': filter(...TWENTY_FILTERS),
  'JSON.parse of the object': () => JSON.parse(BODY.toString()) as unknown,
  ...Object.fromEntries(
    [
      SIMPLE,
      'object.metadata.generation > 3',
      "type != 'delete' && object.metadata.labels['app'] == 'web'",
      "'app' in object.metadata.labels && has(object.spec.nodeName)",
      "object.spec.containers.exists(c, c.image.startsWith('registry'))",
      "object.metadata.name.matches('^web-[0-9]+$')",
      'object.nothing == 1',
    ].map((text) => [`cel ${text}`, evaluation(text)]),
  ),
  [`when ${SIMPLE}`]: () => WHEN.holds(CHANGE),
  [`when ${SIMPLE}, trigger Transition`]: () => TRANSITION.holds(CHANGE),
  'changes [Spec]': () => SPEC.holds(CHANGE),
  'changes [Labels, Annotations]': () => LABELS.holds(CHANGE),
  'managedFields: Drop': shaping({ dropManagedFields: true }),
  'managedFields and lastApplied: Drop': shaping({ dropManagedFields: true, dropLastApplied: true }),
};

const WHEN = whenTrue(judgeBy(cel(SIMPLE), () => undefined));
const TRANSITION = onTransition(judgeBy(cel(SIMPLE), () => undefined));
const SPEC = partsChanged(['Spec']);
const LABELS = partsChanged(['Labels', 'Annotations']);

/** Microseconds of a processor for each event of one round. */
function round(work: () => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < EVENTS; i++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / EVENTS;
}

print(machineLine());
print(`object    ${BODY.length} bytes, ${ROUNDS} rounds of ${EVENTS} events\n`);
for (const work of Object.values(SUBJECTS)) round(work);
const measured = Object.entries(SUBJECTS).map(([name, work]) => ({ name, work, us: new Array<number>() }));
for (let i = 0; i < ROUNDS; i++) for (const { work, us } of measured) us.push(round(work));
print('| What | us an event (median) |\n|---|---|');
for (const { name, us } of measured) print(`| ${name} | ${quantile(us, 0.5).toFixed(2)} |`);

print('\n| A Pod | What | Bytes from the API server | Bytes to the sink | of the whole |\n|---|---|---|---|---|');
for (const bytes of [OBJECT_BYTES, 20_000]) {
  const rows = transfers(bytes, ORIGIN, KEPT);
  const [whole] = rows;
  for (const { what, read, sent } of rows) {
    const shares = [read / (whole?.read ?? 0), sent / (whole?.sent ?? 0)].map((it) => `${(it * 100).toFixed(0)} %`);
    print(`| ${bytes} | ${what} | ${read} | ${sent} | ${shares.join(', ')} |`);
  }
}
