import type { ObjectHead, ObjectVersion } from './change.ts';
import { createObjectRecords } from './object-records.ts';

/**
 * What a stream knows to exist: for each object its uid and the last resourceVersion seen, so that a list can be
 * compared with it. Bodies are not kept.
 */
export interface KnownObjects {
  readonly size: number;
  find(namespace: string, name: string): ObjectVersion | undefined;
  /** Remembers `head` as the newest state of its object, and as mentioned by the list that is under way. */
  remember(head: ObjectHead): void;
  forget(namespace: string, name: string): void;
  /** Starts a list: from here on, objects that {@link remember} does not mention count as unlisted. */
  beginList(): void;
  /** Takes note that the list under way mentions `head`; says whether it is known in this very state. */
  confirm(head: ObjectHead): boolean;
  /** The objects that the list under way has not mentioned: at its end, those that are gone. */
  unlisted(): Generator<ObjectHead>;
  all(): Generator<ObjectHead>;
}

/**
 * A hash table of addresses of records, with linear probing: about 100 bytes an object with names like those of
 * Pods, where a Map of small objects takes 281 (100,000 objects, Node 24).
 */
export function createKnownObjects(): KnownObjects {
  const records = createObjectRecords();
  /** 0: free. At most three quarters of it are taken. */
  let table = new Uint32Array(16);
  let size = 0;
  let list = 0;

  /** Where in the table the object is, or else the place where it belongs. */
  const placeOf = (hash: number, namespace: string, name: string): number => {
    const mask = table.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const address = table[place] ?? 0;
      if (address === 0) return place;
      if (records.hashOf(address) === hash && records.isNamed(address, namespace, name)) return place;
    }
  };

  const addressOf = (namespace: string, name: string): number =>
    table[placeOf(hashOf(namespace, name), namespace, name)] ?? 0;

  const grow = (): void => {
    const grown = new Uint32Array(table.length * 2);
    const mask = grown.length - 1;
    for (const address of table) {
      if (address === 0) continue;
      let place = records.hashOf(address) & mask;
      while (grown[place] !== 0) place = (place + 1) & mask;
      grown[place] = address;
    }
    table = grown;
  };

  /** Moves up what was displaced by what stood there, so that every probe still meets no free place too soon. */
  const clear = (hole: number): void => {
    const mask = table.length - 1;
    for (let place = (hole + 1) & mask; ; place = (place + 1) & mask) {
      const address = table[place] ?? 0;
      if (address === 0) break;
      const home = records.hashOf(address) & mask;
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      table[hole] = address;
      hole = place;
    }
    table[hole] = 0;
  };

  return {
    get size() {
      return size;
    },
    find: (namespace, name) => {
      const address = addressOf(namespace, name);
      return address === 0 ? undefined : records.read(address);
    },
    remember: (head) => {
      const { namespace, name } = head;
      const hash = hashOf(namespace, name);
      const place = placeOf(hash, namespace, name);
      let address = table[place] ?? 0;
      if (address === 0) {
        address = records.add(hash, namespace, name);
        table[place] = address;
        size++;
        if (size * 4 > table.length * 3) grow();
      }
      records.write(address, head);
      records.mark(address, list);
    },
    forget: (namespace, name) => {
      const place = placeOf(hashOf(namespace, name), namespace, name);
      const address = table[place] ?? 0;
      if (address === 0) return;
      clear(place);
      records.free(address);
      size--;
    },
    confirm: (head) => {
      const address = addressOf(head.namespace, head.name);
      if (address === 0) return false;
      records.mark(address, list);
      return records.isAt(address, head);
    },
    beginList: () => {
      list++;
    },
    unlisted: () => records.heads(list),
    all: () => records.heads(),
  };
}

let lastNamespace: string | undefined;
let lastName: string | undefined;
let lastHash = 0;

/** FNV-1a over both names and what is between them. An object is mostly found first and then remembered. */
function hashOf(namespace: string, name: string): number {
  if (namespace === lastNamespace && name === lastName) return lastHash;
  lastNamespace = namespace;
  lastName = name;
  lastHash = hashed(name, Math.imul(hashed(namespace, FNV_START) ^ SLASH, FNV_PRIME)) >>> 0;
  return lastHash;
}

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const SLASH = 0x2f;

function hashed(text: string, from: number): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}
