import { checkAttributes } from '../events/check-attributes.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import { isJsonType } from '../events/media-type.ts';

/**
 * An event to be sent: a CloudEvent 1.0 as a plain object, or one of the `cloudevents` package. Fields of other names
 * are extensions: texts, booleans and integers of 32 bits under names of lower-case letters and digits.
 */
export interface EventToSend {
  /** Default: a random UUID. The same on every attempt. */
  readonly id?: string;
  /** A URI reference: who tells. */
  readonly source: string;
  readonly type: string;
  /** `1.0`, which is also the default. */
  readonly specversion?: string;
  readonly subject?: string;
  /** RFC 3339. Default: now. */
  readonly time?: string | Date;
  /** Default: `application/json` for values that become JSON, none for texts and bytes. */
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  /** Bytes and texts are sent as they are, any other value as JSON. */
  readonly data?: unknown;
  /** Bytes in base64, in place of `data`. */
  readonly data_base64?: string;
  readonly [extension: string]: unknown;
}

/** An event that is none; a bug of whoever made it. The message has all that is wrong with it. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
}

/** Values for what an event leaves open. */
export interface EventDefaults {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
}

const NOT_ATTRIBUTES: ReadonlySet<string> = new Set(['specversion', 'data', 'data_base64']);

/** @throws InvalidEventError */
export function eventFrom(given: EventToSend, defaults: EventDefaults): CloudEvent {
  const attributes = new Map<string, unknown>(
    // Those of the `cloudevents` package have fields of their own for what is absent.
    Object.entries(given).filter(([name, value]) => value !== undefined && !NOT_ATTRIBUTES.has(name)),
  );
  for (const [name, value] of Object.entries(defaults)) if (!given[name]) attributes.set(name, value);
  if (given.time instanceof Date) attributes.set('time', timeOf(given.time));
  const payload = dataOf(given);
  if (payload.contentType !== undefined) attributes.set('datacontenttype', payload.contentType);
  const { core, extensions, problems } = checkAttributes('1.0', attributes);
  const sentences = [
    ...problems.map(({ attribute, sentence }) => `${attribute}: ${sentence}`),
    ...(payload.problem === undefined ? [] : [payload.problem]),
    ...((given.specversion ?? '1.0') === '1.0' ? [] : [`specversion: MUST be 1.0, found ${given.specversion}`]),
  ];
  if (sentences.length > 0) throw new InvalidEventError(`The event cannot be sent. ${sentences.join('; ')}.`);
  const optional = (['subject', 'time', 'datacontenttype', 'dataschema'] as const).flatMap((name) => {
    const value = core.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    id: core.get('id') ?? '',
    source: core.get('source') ?? '',
    type: core.get('type') ?? '',
    ...Object.fromEntries(optional),
    extensions,
    ...(payload.bytes !== undefined && { data: payload.bytes }),
  };
}

interface Payload {
  readonly bytes?: Uint8Array;
  /** Where the event names none. */
  readonly contentType?: string;
  readonly problem?: string;
}

function dataOf({ data, data_base64: base64, datacontenttype: type }: EventToSend): Payload {
  if (base64 !== undefined) return { bytes: Buffer.from(base64, 'base64') };
  if (data === undefined || data === null) return {};
  if (data instanceof Uint8Array) return { bytes: data };
  if (typeof data === 'string') {
    const isWrong = type !== undefined && isJsonType(type) && !isJson(data);
    return { bytes: Buffer.from(data), ...(isWrong && { problem: 'data: a text of a JSON type MUST be JSON' }) };
  }
  return { ...jsonOf(data), ...(type === undefined && { contentType: 'application/json' }) };
}

function jsonOf(data: unknown): Payload {
  try {
    const text: unknown = JSON.stringify(data);
    if (typeof text === 'string') return { bytes: Buffer.from(text) };
    return { problem: `data: a ${typeof data} has no JSON` };
  } catch (error) {
    return { problem: `data: has no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function timeOf(time: Date): string {
  return Number.isNaN(time.getTime()) ? 'an invalid Date' : time.toISOString();
}
