import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { filtersConfig } from '../../src/adapter/filters-config.ts';

const config = z.object({ filters: filtersConfig.optional() });

test('the field becomes filters that judge events', () => {
  const { filters } = config.parse({ filters: [{ exact: { kind: 'Pod' } }] });
  const event = { id: 'e', source: 's', type: 't', extensions: { kind: 'Pod' } };
  assert.equal(filters?.passes(event), true);
  assert.equal(filters?.passes({ ...event, extensions: { kind: 'Node' } }), false);
});

test('without the field there are no filters', () => {
  assert.deepEqual(config.parse({}), {});
});

test('every problem is an issue at its place in the configuration', () => {
  const read = config.safeParse({ filters: [{ all: [{ cesql: 'kind =' }] }, { prefix: { invALID: 'x' } }] });
  assert.deepEqual(
    read.error?.issues.map(({ path, message }) => ({ path, message })),
    [
      {
        path: ['filters', 0, 'all', 0, 'cesql'],
        message: 'expected an attribute, a literal, a function or "(" at column 7, found the end',
      },
      {
        path: ['filters', 1, 'prefix', 'invALID'],
        message: 'expected an attribute name of lower-case letters and digits, a letter first',
      },
    ],
  );
});
