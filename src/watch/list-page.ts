import {
  findMember,
  keyIs,
  memberSlot,
  nextElement,
  nextMember,
  NOT_JSON,
  skipSpace,
  stringValue,
} from '../json/scan.ts';
import { printable } from '../kube/printable.ts';
import { apiVersionOf, type Resource } from '../kube/resource.ts';
import type { ObjectHead } from './change.ts';
import { readHead } from './watch-line.ts';

/** One object of a list, with the bytes it would have in a watch. */
export interface ListedObject {
  readonly head: ObjectHead;
  readonly bytes: Buffer;
}

/** One page of a list (Kubernetes API concepts, "Retrieving large results sets in chunks"). */
export type ListPage =
  | {
      readonly is: 'page';
      readonly resourceVersion: string;
      readonly continueToken: string | undefined;
      readonly objects: readonly ListedObject[];
    }
  | { readonly is: 'malformed'; readonly sentence: string };

const METADATA = Buffer.from('metadata');
const ITEMS = Buffer.from('items');
const CONTINUE = Buffer.from('continue');
const RESOURCE_VERSION = Buffer.from('resourceVersion');
const KIND = Buffer.from('kind');
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/**
 * Reads a list response without parsing its objects. Items of built-in kinds carry no kind and apiVersion in a list;
 * they are given those of `resource`, so that an object found by listing looks like one that was watched.
 */
export function readListPage(body: Buffer, resource: Resource): ListPage {
  const member = memberSlot();
  let resourceVersion: string | undefined;
  let continueToken: string | undefined;
  let items = 0;
  for (let at = nextMember(body, skipSpace(body, 0), member); at !== 0; at = nextMember(body, at, member)) {
    if (at === NOT_JSON) return malformed(body, 'a list that is not JSON');
    if (keyIs(body, member, METADATA) && body[member.value] === OPEN_BRACE) {
      resourceVersion = textMember(body, member.value, RESOURCE_VERSION);
      continueToken = textMember(body, member.value, CONTINUE);
    } else if (keyIs(body, member, ITEMS)) {
      items = member.value;
    }
  }
  if (!resourceVersion) return malformed(body, 'a list without metadata.resourceVersion');
  // A list of nothing may come as "items": null. Anything else is no list, and must not look like an empty one.
  const empty = body.toString('latin1', items, items + 4) === 'null';
  if (!empty && body[items] !== OPEN_BRACKET) return malformed(body, 'a list without items');
  const objects: ListedObject[] = [];
  for (let at = empty ? 0 : nextElement(body, items, member); at !== 0; at = nextElement(body, at, member)) {
    if (at === NOT_JSON) return malformed(body, 'a list whose items are not JSON');
    const bytes = body.subarray(member.value, member.end);
    const head = readHead(bytes);
    if (head === undefined) return malformed(bytes, 'a listed object without name, uid and resourceVersion');
    objects.push({ head, bytes: withTypeMeta(bytes, resource) });
  }
  return { is: 'page', resourceVersion, continueToken: continueToken || undefined, objects };
}

function withTypeMeta(bytes: Buffer, resource: Resource): Buffer {
  if (findMember(bytes, 0, KIND, memberSlot())) return bytes;
  const typeMeta = `{"kind":${JSON.stringify(resource.kind)},"apiVersion":${JSON.stringify(apiVersionOf(resource))},`;
  return Buffer.concat([Buffer.from(typeMeta), bytes.subarray(1)]);
}

function textMember(body: Buffer, object: number, name: Uint8Array): string | undefined {
  const member = memberSlot();
  return findMember(body, object, name, member) ? stringValue(body, member.value, member.end) : undefined;
}

function malformed(bytes: Buffer, what: string): ListPage {
  const start = printable(bytes.toString('latin1', 0, 48));
  return {
    is: 'malformed',
    sentence: `The API server sent ${what}; it starts with "${start}" and has ${bytes.length} bytes.`,
  };
}
