import {
  findMember,
  findValue,
  keyIs,
  memberSlot,
  nextMember,
  NOT_JSON,
  skipSpace,
  stringValue,
} from '../json/scan.ts';
import { printable } from '../kube/printable.ts';
import type { ObjectHead } from './change.ts';

/** One line of a watch response, understood. */
export type WatchLine =
  | { readonly is: 'object'; readonly type: WatchType; readonly head: ObjectHead; readonly bytes: Buffer }
  | { readonly is: 'bookmark'; readonly resourceVersion: string; readonly endsInitialEvents: boolean }
  | { readonly is: 'error'; readonly status: unknown }
  | { readonly is: 'malformed'; readonly sentence: string };

/** The API server's words for what happened to an object. */
export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED';

const OBJECT = ascii('object');
const TYPE = ascii('type');
const METADATA = ascii('metadata');
const NAMESPACE = ascii('namespace');
const NAME = ascii('name');
const UID = ascii('uid');
const RESOURCE_VERSION = ascii('resourceVersion');
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What kube-apiserver writes, byte for byte; any other layout takes the slower road and means the same. */
const USUAL_STARTS: readonly (readonly [WatchType, Buffer])[] = (['ADDED', 'MODIFIED', 'DELETED'] as const).map(
  (type) => [type, Buffer.from(`{"type":"${type}","object":{`)] as const,
);

/**
 * Reads one line of a watch: `{"type": .., "object": ..}` (Kubernetes API concepts, "Efficient detection of
 * changes"). The object of a change is not parsed: its bytes come out as a slice of `line`.
 */
export function readWatchLine(line: Buffer): WatchLine {
  const last = line.length - 1;
  for (const [type, start] of USUAL_STARTS) {
    // Two braces close a line: that of the object and that of the line.
    if (startsWith(line, start) && line[last] === CLOSE_BRACE && line[last - 1] === CLOSE_BRACE) {
      return objectLine(type, line.subarray(start.length - 1, last));
    }
  }
  return readAnyLayout(line);
}

/**
 * The head of the object in `bytes`, or undefined where it has none. Right for every order of keys, escape and
 * character; a duplicated key counts at its first place.
 */
export function readHead(bytes: Buffer): ObjectHead | undefined {
  const member = memberSlot();
  const metadata = findValue(bytes, 0, METADATA, member);
  if (metadata === NOT_JSON || bytes[metadata] !== OPEN_BRACE) return undefined;
  let namespace: string | undefined;
  let name: string | undefined;
  let uid: string | undefined;
  let resourceVersion: string | undefined;
  for (let at = nextMember(bytes, metadata, member); at !== 0; at = nextMember(bytes, at, member)) {
    if (at === NOT_JSON) return undefined;
    if (namespace === undefined && keyIs(bytes, member, NAMESPACE)) {
      namespace = stringValue(bytes, member.value, member.end);
    } else if (name === undefined && keyIs(bytes, member, NAME)) {
      name = stringValue(bytes, member.value, member.end);
    } else if (uid === undefined && keyIs(bytes, member, UID)) {
      uid = stringValue(bytes, member.value, member.end);
    } else if (resourceVersion === undefined && keyIs(bytes, member, RESOURCE_VERSION)) {
      resourceVersion = stringValue(bytes, member.value, member.end);
    }
    if (namespace !== undefined && name !== undefined && uid !== undefined && resourceVersion !== undefined) break;
  }
  if (!name || !uid || !resourceVersion) return undefined;
  return { namespace: namespace ?? '', name, uid, resourceVersion };
}

function objectLine(type: WatchType, bytes: Buffer): WatchLine {
  const head = readHead(bytes);
  if (head === undefined)
    return malformed(bytes, `a line of type ${type} whose object has no metadata with name, uid and resourceVersion`);
  return { is: 'object', type, head, bytes };
}

function readAnyLayout(line: Buffer): WatchLine {
  const member = memberSlot();
  const start = skipSpace(line, 0);
  if (!findMember(line, start, TYPE, member)) return malformed(line, 'a line without a type');
  const type = stringValue(line, member.value, member.end);
  if (!findMember(line, start, OBJECT, member)) return malformed(line, 'a line without an object');
  const bytes = line.subarray(member.value, member.end);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return objectLine(type, bytes);
    case 'BOOKMARK':
      return bookmarkLine(bytes);
    case 'ERROR':
      return errorLine(bytes);
    default:
      return malformed(line, `a line of the unknown type ${printable(type ?? '(not a string)')}`);
  }
}

function bookmarkLine(bytes: Buffer): WatchLine {
  const object = parsed(bytes) as
    | { metadata?: { resourceVersion?: unknown; annotations?: Record<string, unknown> } }
    | undefined;
  const version = object?.metadata?.resourceVersion;
  if (typeof version !== 'string' || version === '') return malformed(bytes, 'a BOOKMARK without a resourceVersion');
  // KEP-3157: this annotation on a bookmark says that the initial events of a streaming list are complete.
  const ends = object?.metadata?.annotations?.['k8s.io/initial-events-end'] === 'true';
  return { is: 'bookmark', resourceVersion: version, endsInitialEvents: ends };
}

function errorLine(bytes: Buffer): WatchLine {
  const status = parsed(bytes);
  return status === undefined ? malformed(bytes, 'an ERROR line that is not JSON') : { is: 'error', status };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function malformed(bytes: Buffer, what: string): WatchLine {
  // Enough to recognise what is talking; the rest could be an object's content, which does not belong into a log.
  const start = printable(bytes.toString('latin1', 0, 48));
  return {
    is: 'malformed',
    sentence: `The watch sent ${what}; it starts with "${start}" and has ${bytes.length} bytes.`,
  };
}

function startsWith(line: Buffer, start: Buffer): boolean {
  // The first letter of the type tells most lines apart before anything is compared.
  return (
    line.length > start.length && line[9] === start[9] && line.compare(start, 0, start.length, 0, start.length) === 0
  );
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
