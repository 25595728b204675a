import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionFields } from '../../src/adapter/conditions-config.ts';
import { deliveryConfig } from '../../src/adapter/delivery-config.ts';
import { payloadConfig } from '../../src/adapter/payload-config.ts';
import { EVENT_SERIES } from '../../src/events/conditions/event-series.ts';
import { PARTS } from '../../src/events/conditions/parts.ts';
import { type Schema, schemaOf } from './schema.ts';

const spec = schemaOf().properties?.['spec']?.properties ?? {};

function namesOf(schema: Schema | undefined): readonly string[] {
  return Object.keys(schema?.properties ?? {}).sort();
}

test('a source says of delivery and payload what the adapter can be told of them', () => {
  assert.deepEqual(namesOf(spec['delivery']), Object.keys(deliveryConfig.shape).sort());
  // The key of redaction is a variable, by reference, as a configuration is no place for a secret.
  const payload = namesOf(spec['payload']).filter((name) => name !== 'redactionKey');
  assert.deepEqual(payload, Object.keys(payloadConfig.shape).sort());
});

test('a source says of changes to tell what the adapter can be told of them', () => {
  const entry = spec['resources']?.items?.properties ?? {};
  assert.deepEqual(
    Object.keys(conditionFields).filter((field) => !Object.hasOwn(entry, field)),
    [],
  );
  assert.deepEqual(entry['trigger']?.enum, conditionFields.trigger.unwrap().options);
  assert.deepEqual(entry['eventSeries']?.enum, EVENT_SERIES);
});

test('the parts of an object that may change are those that the adapter knows', () => {
  assert.deepEqual(spec['resources']?.items?.properties?.['changes']?.items?.enum, PARTS);
});
