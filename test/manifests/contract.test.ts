import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryConfig } from '../../src/adapter/delivery-config.ts';
import { payloadConfig } from '../../src/adapter/payload-config.ts';
import { PARTS } from '../../src/events/conditions/parts.ts';
import { type Schema, schemaOf } from './schema.ts';

const spec = schemaOf().properties?.['spec']?.properties ?? {};

function namesOf(schema: Schema | undefined): readonly string[] {
  return Object.keys(schema?.properties ?? {}).sort();
}

test('a source says of delivery and payload what the adapter can be told of them', () => {
  assert.deepEqual(namesOf(spec['delivery']), Object.keys(deliveryConfig.shape).sort());
  assert.deepEqual(namesOf(spec['payload']), Object.keys(payloadConfig.shape).sort());
});

test('the parts of an object that may change are those that the adapter knows', () => {
  assert.deepEqual(spec['resources']?.items?.properties?.['changes']?.items?.enum, PARTS);
});
