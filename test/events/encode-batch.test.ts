import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP, type CloudEvent as SdkEvent } from 'cloudevents';
import * as fc from 'fast-check';
import { encodeBatch, encodeEvent } from '../../src/events/encode.ts';
import { anyEvent, jsonPayload, sdkExtensionName } from './any-event.ts';
import { headersOf } from './headers-of.ts';

test('a batch is a JSON array of what the structured mode writes, and the JavaScript SDK reads it', () => {
  const payload = fc.oneof(jsonPayload, fc.constant({}), fc.constant({ data: Buffer.of(0, 255) }));
  fc.assert(
    fc.property(fc.array(anyEvent({ name: sdkExtensionName, payload }), { minLength: 1, maxLength: 4 }), (events) => {
      const encoded = encodeBatch(events);
      const singles = events.map((event) => Buffer.from(encodeEvent(event, 'structured').body).toString());
      const body = Buffer.from(encoded.body).toString();
      assert.equal(body, `[${singles.join(',')}]`);
      const headers = headersOf(encoded);
      assert.deepEqual(headers, { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' });
      const read = HTTP.toEvent({ headers, body }) as SdkEvent[];
      assert.deepEqual(
        read.map(({ id }) => id),
        events.map(({ id }) => id),
      );
    }),
  );
});
