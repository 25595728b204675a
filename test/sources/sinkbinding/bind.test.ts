import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bind, type Injection, injectionIn, overridesText, unbind } from '../../../src/sources/sinkbinding/bind.ts';
import type { EnvVar, PodTemplate } from '../../../src/sources/sinkbinding/pod-template.ts';

const SINK: Injection = { sink: 'http://orders.shop.svc.cluster.local', ceOverrides: '' };
const K_SINK = { name: 'K_SINK', value: SINK.sink };
const NO_OVERRIDES = { name: 'K_CE_OVERRIDES' };

function withEnv(...env: EnvVar[]): PodTemplate {
  return { spec: { containers: [{ name: 'web', ...(env.length > 0 && { env }) }] } };
}

const BOUND: readonly (readonly [
  what: string,
  injection: Injection,
  before: readonly EnvVar[],
  after: readonly EnvVar[],
])[] = [
  ['a container without variables', SINK, [], [K_SINK, NO_OVERRIDES]],
  ['after those that are there', SINK, [{ name: 'A', value: '1' }], [{ name: 'A', value: '1' }, K_SINK, NO_OVERRIDES]],
  [
    'certificates between',
    { ...SINK, caCerts: 'PEM', ceOverrides: '{"extensions":{"hello":"world"}}' },
    [],
    [
      K_SINK,
      { name: 'K_CA_CERTS', value: 'PEM' },
      { name: 'K_CE_OVERRIDES', value: '{"extensions":{"hello":"world"}}' },
    ],
  ],
  ['what it wrote itself', SINK, [{ name: 'K_SINK', value: 'http://mine' }], [K_SINK, NO_OVERRIDES]],
  ['certificates that are no more', SINK, [K_SINK, { name: 'K_CA_CERTS', value: 'PEM' }], [K_SINK, NO_OVERRIDES]],
  ['one that is there twice', SINK, [K_SINK, K_SINK, NO_OVERRIDES], [K_SINK, NO_OVERRIDES]],
  [
    'what is known already, wherever it is',
    SINK,
    [K_SINK, { name: 'A', value: '1' }, NO_OVERRIDES],
    [K_SINK, { name: 'A', value: '1' }, NO_OVERRIDES],
  ],
];

for (const [what, injection, before, after] of BOUND) {
  test(`a container is told its sink: ${what}`, () => {
    assert.deepEqual(bind(withEnv(...before), injection), withEnv(...after));
  });
}

test('the sink is told to init containers, too, and to every container', () => {
  const spec = { initContainers: [{ name: 'first' }], containers: [{ name: 'a' }, { name: 'b' }] };
  const env = [K_SINK, NO_OVERRIDES];
  assert.deepEqual(bind({ spec }, SINK), {
    spec: {
      initContainers: [{ name: 'first', env }],
      containers: [
        { name: 'a', env },
        { name: 'b', env },
      ],
    },
  });
});

const TEXTS: readonly (readonly [Parameters<typeof overridesText>[0], string])[] = [
  [undefined, ''],
  [{}, '{}'],
  [{ extensions: {} }, '{}'],
  [{ extensions: { hello: 'world' } }, '{"extensions":{"hello":"world"}}'],
  [{ extensions: { b: '2', a: '<&>' } }, '{"extensions":{"a":"\\u003c\\u0026\\u003e","b":"2"}}'],
];

test('overrides are Go’s JSON, with the keys in order', () => {
  for (const [overrides, text] of TEXTS) assert.equal(overridesText(overrides), text);
});

test('what is undone has no variables and volumes of bindings, and the rest as it was', () => {
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: {
      serviceAccountName: 'web',
      containers: [
        {
          name: 'web',
          env: [K_SINK, { name: 'A', value: '1' }, NO_OVERRIDES],
          volumeMounts: [{ name: 'data' }, { name: 'oidc-token' }],
        },
        { name: 'side', volumeMounts: [{ name: 'kne-bundle-volume' }] },
      ],
      volumes: [{ name: 'kne-bundle-volume' }, { name: 'data' }, { name: 'oidc-token' }],
    },
  };
  assert.deepEqual(unbind(template), {
    metadata: { labels: { app: 'web' } },
    spec: {
      serviceAccountName: 'web',
      containers: [
        { name: 'web', env: [{ name: 'A', value: '1' }], volumeMounts: [{ name: 'data' }] },
        { name: 'side' },
      ],
      volumes: [{ name: 'data' }],
    },
  });
});

/** Objects as JSON.parse makes them. */
const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true });
const names = fc.constantFrom('A', 'B', 'PATH', 'K_OTHER');
const variable = fc.oneof(
  record({ name: names, value: fc.string({ minLength: 1 }) }),
  record({ name: names, valueFrom: fc.constant({ fieldRef: { fieldPath: 'metadata.name' } }) }),
);
const container = (more: fc.Arbitrary<EnvVar>) =>
  record({ name: fc.string({ minLength: 1 }), env: fc.array(more, { maxLength: 5 }) }).map(({ name, env }) =>
    env.length > 0 ? { name, env } : { name },
  );
const template = (more: fc.Arbitrary<EnvVar>): fc.Arbitrary<PodTemplate> =>
  record({
    initContainers: fc.array(container(more), { maxLength: 2 }),
    containers: fc.array(container(more), { minLength: 1, maxLength: 3 }),
  }).map((spec) => ({ spec }));
const injection: fc.Arbitrary<Injection> = record({
  sink: fc.webUrl(),
  caCerts: fc.constantFrom('', 'PEM'),
  ceOverrides: fc.constantFrom('', '{}', '{"a":1}'),
}).map(({ caCerts, sink, ceOverrides }) => (caCerts === '' ? { sink, ceOverrides } : { sink, caCerts, ceOverrides }));
const any = fc.oneof(
  variable,
  record({ name: fc.constantFrom('K_SINK', 'K_CA_CERTS', 'K_CE_OVERRIDES'), value: fc.string() }),
);

test('undoing gives back what was there before', () => {
  fc.assert(fc.property(template(variable), injection, (it, into) => assert.deepEqual(unbind(bind(it, into)), it)));
});

test('binding twice, and undoing twice, changes nothing more', () => {
  fc.assert(
    fc.property(template(any), injection, (it, into) => {
      const bound = bind(it, into);
      assert.equal(bind(bound, into), bound);
      const bare = unbind(it);
      assert.equal(unbind(bare), bare);
    }),
  );
});

test('the last binding wins, whatever there was before', () => {
  fc.assert(
    fc.property(template(any), injection, injection, (it, first, last) => {
      const bound = bind(bind(it, first), last);
      assert.deepEqual(injectionIn(bound), last);
      assert.deepEqual(unbind(bound), unbind(it));
    }),
  );
});
