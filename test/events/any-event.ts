import * as fc from 'fast-check';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { anyDice, anyJson, layOut } from '../support/json-text.ts';

const CORE = new Set([
  'id',
  'source',
  'type',
  'subject',
  'time',
  'data',
  'dataschema',
  'datacontenttype',
  'specversion',
]);

/** Text that an attribute may hold: no control characters, surrogates or noncharacters, and not only white space. */
export const attributeText: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', minLength: 1 })
  .filter((value) => value.trim() !== '' && !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(value));

export const extensionName: fc.Arbitrary<string> = fc
  .stringMatching(/^[a-z0-9]{1,20}$/)
  .filter((value) => !CORE.has(value));

/** Names that the JavaScript SDK can take: it trips over one that is called as a method of Object is. */
export const sdkExtensionName: fc.Arbitrary<string> = extensionName.filter((value) => !(value in {}));

export const uri: fc.Arbitrary<string> = fc.webUrl({ withFragments: true, withQueryParameters: true });

export const timestamp: fc.Arbitrary<string> = fc
  .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString());

/** The bytes of a JSON document, among them such as do not survive parsing and writing again. */
export const jsonBytes: fc.Arbitrary<Buffer> = fc
  .oneof(
    fc.json(),
    fc.tuple(anyJson(), anyDice()).map(([value, dice]) => layOut(value, dice)),
    fc.constantFrom(
      '9007199254740993',
      '{"big":18446744073709551615,"small":1.0,"b":1e2}',
      '{"b":1,"a":2,"a":3}',
      '"\u2028\u2029 \\u2028 < \\u003c"',
      '[ 1.0 , {} ]',
    ),
  )
  .map((text) => Buffer.from(text));

export const jsonPayload = fc.record({
  datacontenttype: fc.constantFrom('application/json', 'application/vnd.example+json; v=1'),
  data: jsonBytes,
});
const otherPayload = fc.record({
  datacontenttype: fc.constant('image/png'),
  data: fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
});

const anyPayload = fc.oneof(jsonPayload, otherPayload, fc.constant({}));

interface EventKinds {
  readonly name?: fc.Arbitrary<string>;
  readonly payload?: fc.Arbitrary<Pick<CloudEvent, 'datacontenttype' | 'data'>>;
}

/** Any valid event; `name` of its extensions, and what `payload` it carries: JSON, other data, or none. */
export function anyEvent({ name = extensionName, payload = anyPayload }: EventKinds = {}): fc.Arbitrary<CloudEvent> {
  const value = fc.oneof(attributeText, fc.boolean(), fc.integer());
  const attributes = fc.record(
    {
      id: attributeText,
      source: uri,
      type: attributeText,
      subject: attributeText,
      time: timestamp,
      dataschema: uri,
      extensions: fc.dictionary(name, value, { noNullPrototype: true }),
    },
    { requiredKeys: ['id', 'source', 'type', 'extensions'] },
  );
  return fc.tuple(attributes, payload).map((parts) => Object.assign({}, ...parts));
}
