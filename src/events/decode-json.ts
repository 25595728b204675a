import { shownValue } from '../process/shown.ts';
import { keyIs, memberSlot, nextElement, nextMember, skipSpace } from '../json/scan.ts';
import { assembleEvent, type ReceivedData } from './assemble-event.ts';
import { checkAttributes, MAX_PROBLEMS } from './check-attributes.ts';
import { isJsonType } from './media-type.ts';
import type { Decoded, Problem, ReceivedEvent, SpecVersion } from './received-event.ts';

/** The JSON value that starts at `start` of `bytes`, and its members as far as it is an object. */
interface Envelope {
  readonly bytes: Buffer;
  readonly start: number;
  readonly members: ReadonlyMap<string, unknown>;
}

const DATA = Buffer.from('data');

/** The body of a structured message: one event in the JSON event format. */
export function decodeStructured(body: Buffer): Decoded {
  const json = parse(body);
  if (json.is === 'malformed') return json;
  const decoded = decodeEnvelope(envelopeAt(body, skipSpace(body, 0), json.value));
  return Array.isArray(decoded) ? { is: 'invalid', problems: decoded } : { is: 'event', received: decoded };
}

/** The body of a batched message. One invalid event refuses the batch, so that a second attempt repeats none of it. */
export function decodeBatch(body: Buffer): Decoded {
  const json = parse(body);
  if (json.is === 'malformed') return json;
  if (!Array.isArray(json.value)) {
    return { is: 'invalid', problems: [{ attribute: 'batch', sentence: 'MUST be a JSON array' }] };
  }
  const received: ReceivedEvent[] = [];
  const problems: Problem[] = [];
  const element = memberSlot();
  let at = skipSpace(body, 0);
  for (const [index, value] of json.value.entries()) {
    if (problems.length >= MAX_PROBLEMS) break;
    at = nextElement(body, at, element);
    const decoded = decodeEnvelope(envelopeAt(body, element.value, value));
    if (Array.isArray(decoded)) for (const problem of decoded) problems.push(inElement(index, problem));
    else received.push(decoded);
  }
  return problems.length > 0 ? { is: 'invalid', problems } : { is: 'batch', received };
}

function decodeEnvelope(envelope: Envelope): ReceivedEvent | Problem[] {
  const specversion = envelope.members.get('specversion') ?? undefined;
  if (specversion !== '1.0' && specversion !== '0.3') {
    return [{ attribute: 'specversion', sentence: versionProblem(specversion) }];
  }
  const checked = checkAttributes(specversion, attributesOf(envelope, specversion));
  const data = readData(envelope, specversion, checked.core);
  if (data !== undefined && 'sentence' in data) return [...checked.problems, data];
  return checked.problems.length > 0 ? [...checked.problems] : assembleEvent(specversion, checked, data);
}

/**
 * The data of an envelope. JSON data is the bytes that stand in the envelope: parsing and writing it again would
 * change big numbers, the order of keys and duplicates.
 */
function readData(
  envelope: Envelope,
  specversion: SpecVersion,
  core: ReadonlyMap<string, string>,
): ReceivedData | Problem | undefined {
  const { members } = envelope;
  const data = members.get('data');
  if (specversion === '0.3' && core.has('datacontentencoding')) return fromBase64('data', data);
  const base64 = specversion === '1.0' ? (members.get('data_base64') ?? undefined) : undefined;
  if (base64 !== undefined) {
    if (members.has('data')) return { attribute: 'data_base64', sentence: 'MUST NOT stand beside data' };
    return fromBase64('data_base64', base64);
  }
  if (!members.has('data')) return undefined;
  const contentType = core.get('datacontenttype');
  if (contentType === undefined || isJsonType(contentType)) return { bytes: dataBytes(envelope), isBinary: false };
  if (data === null || typeof data === 'string') return { bytes: Buffer.from(data ?? ''), isBinary: false };
  return { attribute: 'data', sentence: `MUST be a JSON string, because ${contentType} is not JSON` };
}

/** Of several members called `data` the last one counts, as with JSON.parse. */
function dataBytes({ bytes, start }: Envelope): Uint8Array {
  const member = memberSlot();
  let data = bytes.subarray(0, 0);
  for (let at = nextMember(bytes, start, member); at > 0; at = nextMember(bytes, at, member)) {
    if (keyIs(bytes, member, DATA)) data = bytes.subarray(member.value, member.end);
  }
  return data;
}

function fromBase64(attribute: string, text: unknown): ReceivedData | Problem {
  const bytes = Buffer.from(typeof text === 'string' ? text : '', 'base64');
  // Buffer skips what is not base64; only valid text comes back as it was.
  if (bytes.toString('base64') !== text)
    return { attribute, sentence: 'MUST be a string of padded base64 (RFC 4648, section 4)' };
  return { bytes, isBinary: true };
}

function inElement(index: number, { attribute, sentence }: Problem): Problem {
  return { attribute: `[${index}].${attribute}`, sentence };
}

function versionProblem(specversion: unknown): string {
  if (specversion === undefined) return 'no specversion';
  return `unknown value: ${typeof specversion === 'string' ? specversion : shownValue(specversion)}`;
}

function attributesOf({ members }: Envelope, specversion: SpecVersion): Map<string, unknown> {
  const attributes = new Map(members);
  attributes.delete('specversion');
  attributes.delete('data');
  if (specversion === '1.0') attributes.delete('data_base64');
  return attributes;
}

function envelopeAt(bytes: Buffer, start: number, value: unknown): Envelope {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return { bytes, start, members: new Map(isObject ? Object.entries(value) : []) };
}

function parse(
  body: Buffer,
): { readonly is: 'json'; readonly value: unknown } | (Decoded & { readonly is: 'malformed' }) {
  try {
    return { is: 'json', value: JSON.parse(body.toString('utf8')) };
  } catch (error) {
    return {
      is: 'malformed',
      sentence: `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
