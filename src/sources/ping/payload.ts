import { escapeAsGo, goJson } from '../../json/go-json.ts';
import { memberSlot, nextMember } from '../../json/scan.ts';
import type { PingSpec } from './spec.ts';

/** What every event of a source carries. */
export interface Payload {
  readonly contentType: string | undefined;
  readonly data: Uint8Array | undefined;
}

const JSON_TYPE = 'application/json';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Text is sent as it is, base64 as the bytes that it stands for. */
export function payloadOf({ contentType, data, dataBase64, jsonData }: PingSpec): Payload {
  if (jsonData !== undefined) return { contentType: JSON_TYPE, data: Buffer.from(fromJsonData(jsonData)) };
  const bytes = dataBase64 ? Buffer.from(dataBase64, 'base64') : data ? Buffer.from(data) : undefined;
  return { contentType: contentType || undefined, data: bytes };
}

/** What is wrong with the payload of a spec, each as a sentence. */
export function payloadProblems({ contentType, data, dataBase64, jsonData }: PingSpec): string[] {
  const problems: string[] = [];
  if (data && dataBase64) problems.push('spec.data and spec.dataBase64 are both there; take one of them out.');
  if (jsonData !== undefined && (data || dataBase64 || contentType)) {
    problems.push(
      'spec.jsonData, of v1beta1, is there beside data, dataBase64 or contentType of later versions; take it out.',
    );
  }
  if (dataBase64 && !BASE64.test(dataBase64)) {
    problems.push(
      'spec.dataBase64 is not base64; encode the data with the standard alphabet and padding (base64 -w0).',
    );
    return problems;
  }
  if (contentType !== JSON_TYPE) return problems;
  const text = dataBase64 ? Buffer.from(dataBase64, 'base64').toString() : data;
  const why = text && whyNotJson(text);
  if (why) {
    const field = dataBase64 ? 'dataBase64' : 'data';
    problems.push(`spec.${field} is not JSON, although spec.contentType is ${JSON_TYPE}: ${why}; correct one of them.`);
  }
  return problems;
}

function whyNotJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The data that v1beta1 made of `jsonData` (knative/eventing v0.17, pkg/adapter/mtping/runner.go): an object with its
 * members in order and without white space, null, and anything else as the text of `{"body": ..}`.
 */
export function fromJsonData(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return goJson({ body: text });
  }
  if (value === null) return 'null';
  if (typeof value !== 'object' || Array.isArray(value)) return goJson({ body: text });
  const members = membersOf(Buffer.from(text));
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
  return escapeAsGo(`{${sorted.map(([key, json]) => `${JSON.stringify(key)}:${compact(json)}`).join(',')}}`);
}

/** The text of each member of an object: parsing and writing it anew would change numbers and the order inside. */
function membersOf(bytes: Buffer): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  const member = memberSlot();
  for (let at = nextMember(bytes, bytes.indexOf('{'), member); at > 0; at = nextMember(bytes, at, member)) {
    const key = String(JSON.parse(bytes.toString('utf8', member.key, member.keyEnd)));
    members.set(key, bytes.toString('utf8', member.value, member.end));
  }
  return members;
}

/** Without the white space between tokens. */
function compact(json: string): string {
  return json.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}
