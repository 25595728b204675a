import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAdapterSettings } from '../../src/sdk/adapter-settings.ts';

function settings(env: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const problems: string[] = [];
  const read = readAdapterSettings('sample', { K_SINK: 'http://orders', ...env }, problems, []);
  assert.deepEqual(problems, []);
  return { ...read };
}

test('what is not told of an adapter has the defaults of upstream, and what is told counts', () => {
  const byDefault = { component: 'sample', name: 'adapter', namespace: undefined };
  const rows: readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<string, unknown>>])[] = [
    [{}, byDefault],
    [{ NAME: '', NAMESPACE: '', K_COMPONENT: '' }, byDefault],
    [{ NAME: 'web' }, { ...byDefault, name: 'web' }],
    [{ NAMESPACE: 'shop' }, { ...byDefault, namespace: 'shop' }],
    [{ K_COMPONENT: 'other' }, { ...byDefault, component: 'other' }],
  ];
  for (const [env, wanted] of rows) {
    const { component, name, namespace } = settings(env);
    assert.deepEqual({ component, name, namespace }, wanted);
  }
});
