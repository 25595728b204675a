import type { AttributeValue, CloudEvent } from './cloud-event.ts';

/** Finds one attribute of an event: its value, or undefined where the event has none. */
export type ReadAttribute = (event: CloudEvent) => AttributeValue | undefined;

/** The attributes that CloudEvents 1.0.2 defines itself, sections 3.1 and 3.2. */
const CORE: ReadonlyMap<string, ReadAttribute> = new Map<string, ReadAttribute>([
  ['specversion', () => '1.0'],
  ['id', (event) => event.id],
  ['source', (event) => event.source],
  ['type', (event) => event.type],
  ['subject', (event) => event.subject],
  ['time', (event) => event.time],
  ['datacontenttype', (event) => event.datacontenttype],
  ['dataschema', (event) => event.dataschema],
]);

/** A reader of the attribute called `name`; every name that CloudEvents does not define is an extension's. */
export function attributeReader(name: string): ReadAttribute {
  return CORE.get(name) ?? ((event) => (Object.hasOwn(event.extensions, name) ? event.extensions[name] : undefined));
}
