import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startScope } from '../../src/adapter/follow-scope.ts';
import { createNamespaces, type Namespaces } from '../../src/adapter/namespaces.ts';
import type { Change } from '../../src/watch/change.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';

let version = 0;

/** `add shop yes`: what happened to a namespace, and the value of its label; `-` for none. */
function change(text: string): Change {
  const [type = '', name = '', label = '-'] = text.split(' ');
  const labels = label === '-' ? {} : { team: label };
  const object = { namespace: '', name, uid: `u-${name}`, resourceVersion: String(++version) };
  const body = type === 'delete' ? undefined : Buffer.from(JSON.stringify({ metadata: { name, labels } }));
  if (type !== 'add' && type !== 'update' && type !== 'delete') throw new Error(text);
  return { type, object, body, before: undefined, foundBy: 'watch' };
}

function namespacesWith(...texts: readonly string[]): Namespaces {
  const namespaces = createNamespaces((name, labels) => name !== 'kube-system' && labels['team'] === 'yes');
  namespaces.apply(texts.map(change));
  return namespaces;
}

function heard(namespaces: Namespaces, ...texts: readonly string[]): string[] {
  const said: string[] = [];
  const end = namespaces.listen({
    enter: (name, created) => said.push(`enter ${name}${created ? ' created' : ''}`),
    leave: (name) => said.push(`leave ${name}`),
    deleted: (name) => said.push(`deleted ${name}`),
    done: () => said.push('done'),
  });
  for (const text of texts) namespaces.apply([change(text)]);
  end();
  namespaces.apply([change('add unheard yes')]);
  return said.filter((it) => it !== 'done');
}

test('a namespace matches by its labels and its name, whatever it was before', () => {
  const namespaces = namespacesWith('add a yes', 'add b no', 'add c', 'add kube-system yes');
  assert.deepEqual(namespaces.matching(), ['a']);
  assert.deepEqual(['a', 'b', 'kube-system', 'nowhere'].map(namespaces.isOutside), [false, true, true, false]);
});

test('only what changes for the selector is said, and whether the namespace is a new one', () => {
  const rows: [before: string[], then: string[], said: string[]][] = [
    [['add a no'], ['update a yes'], ['enter a']],
    [['add a yes'], ['update a yes'], []],
    [['add a yes'], ['update a no'], ['leave a']],
    [['add a no'], ['update a -'], []],
    [[], ['add a yes'], ['enter a created']],
    [[], ['add a no'], []],
    [['add a yes'], ['delete a'], ['deleted a']],
    [['add a no'], ['delete a'], []],
    [['add a yes'], ['delete a', 'add a yes'], ['deleted a', 'enter a created']],
    [['add a yes'], ['delete a', 'add a no'], ['deleted a', 'leave a']],
    [['add a yes'], ['delete a', 'add a no', 'update a no'], ['deleted a', 'leave a']],
  ];
  for (const [before, then, said] of rows) assert.deepEqual(heard(namespacesWith(...before), ...then), said);
});

test('a stream goes on with what it knows: in namespaces that match, and that are gone', () => {
  const known = createKnownObjects();
  for (const namespace of ['kept', 'left', 'deleted']) {
    known.remember({ namespace, name: 'x', uid: `u-${namespace}`, resourceVersion: '5' });
  }
  const namespaces = namespacesWith('add kept yes', 'add left no', 'add fresh yes', 'add other no');
  const complete = { resourceVersion: '9', epoch: 0, complete: true };
  const names = (objects: readonly { readonly namespace: string }[]): string[] => objects.map((it) => it.namespace);

  const resumed = startScope({ known, position: complete }, namespaces, true);
  assert.deepEqual(resumed.covered, ['kept', 'deleted']);
  assert.deepEqual(resumed.entries, [{ namespace: 'fresh', tells: true }]);
  assert.deepEqual(names(resumed.left), ['left']);

  const unsure = startScope({ known, position: { ...complete, complete: false } }, namespaces, true);
  assert.deepEqual(new Set(unsure.covered), new Set(['kept', 'fresh', 'deleted']));
  assert.deepEqual(unsure.entries, []);

  const first = startScope({ known: createKnownObjects(), position: undefined }, namespaces, false);
  assert.deepEqual(first, { covered: ['kept', 'fresh'], entries: [], left: [] });
});
