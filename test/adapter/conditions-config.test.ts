import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSourceConfig, type ResourceConfig } from '../../src/adapter/source-config.ts';
import { loadCel } from '../../src/events/cel/load-cel.ts';

await loadCel();

function read(conditions: object, plural = 'pods', group = ''): ResourceConfig | readonly string[] {
  const resource = { gvr: { Group: group, Version: 'v1', Resource: plural }, ...conditions };
  const result = readSourceConfig(JSON.stringify({ mode: 'Resource', resources: [resource] }));
  if ('problems' in result) return result.problems;
  assert.deepEqual(result.unknownFields, []);
  return result.config.resources[0] ?? assert.fail();
}

function problems(...args: Parameters<typeof read>): readonly string[] {
  const result = read(...args);
  return Array.isArray(result) ? result : assert.fail('it is taken');
}

test('conditions are taken, and ready to judge', () => {
  const config = read({
    changes: ['Spec'],
    when: 'object.spec.replicas > 3',
    trigger: 'Transition',
    debounce: 'PT1.5S',
    eventSeries: 'All',
  });
  assert.ok('gvr' in config);
  assert.deepEqual(
    [config.changes, config.trigger, config.debounce, config.eventSeries],
    [['Spec'], 'Transition', 1_500, 'All'],
  );
  assert.equal(config.when?.evaluate({ spec: { replicas: 4 } }, 'add'), true);
  for (const [plural, group] of [
    ['events', ''],
    ['events', 'events.k8s.io'],
    ['*', ''],
  ] as const) {
    assert.ok('gvr' in read({ eventSeries: 'First' }, plural, group), `${plural}.${group}`);
  }
});

test('what cannot be a condition is said with its place, and all of it', () => {
  const at = 'K_SOURCE_CONFIG.resources[0]';
  for (const [conditions, ...sentences] of [
    [
      { when: 'spec.a && status.b' },
      `${at}.when: expected object or type, found spec (column 1); found "spec.a && status.b".`,
      `${at}.when: expected object or type, found status (column 11); found "spec.a && status.b".`,
    ],
    [{ when: 3 }, /resources\[0\]\.when: .*expected string.*; found 3\.$/],
    [
      { trigger: 'Transition' },
      `${at}.trigger: expected a CEL expression in when, whose value changes; found "Transition".`,
    ],
    [
      { trigger: 'Transition', when: "type == 'add'" },
      `${at}.when: expected no type beside trigger: Transition, since it is not of the object; found "type == 'add'".`,
    ],
    [{ trigger: 'Sometimes' }, `${at}.trigger: expected Change or Transition; found "Sometimes".`],
    [{ eventSeries: 'Last' }, `${at}.eventSeries: expected one of First, Doubling, All; found "Last".`],
    [
      { eventSeries: 'First' },
      `${at}.eventSeries: expected the resource events beside it; other objects have no series; found "First".`,
    ],
    ...['PT0S', '2s', 'PT61S', 'P1D', 'PT2M'].map(
      (debounce) =>
        [
          { debounce },
          `${at}.debounce: expected an ISO 8601 duration of at most PT1M that is not zero, such as PT2S; found "${debounce}".`,
        ] as const,
    ),
  ] as const) {
    const found = problems(conditions);
    assert.equal(found.length, sentences.length, found.join(' '));
    for (const [i, sentence] of sentences.entries()) {
      if (typeof sentence === 'string') assert.equal(found[i], sentence);
      else assert.match(found[i] ?? '', sentence);
    }
  }
});
