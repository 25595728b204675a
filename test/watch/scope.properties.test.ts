import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Change } from '../../src/watch/change.ts';
import { createInterpreter } from '../../src/watch/interpret.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import { readListPage } from '../../src/watch/list-page.ts';
import { createScope } from '../../src/watch/scope.ts';
import { advance } from '../../src/watch/advance.ts';
import { resumed, type WatchState } from '../../src/watch/watch-state.ts';
import { PODS } from './pods.ts';

const NAMESPACES = ['n1', 'n2', 'n3'];
const NAMES = ['a', 'b'];

type Deed =
  | { readonly is: 'write' | 'remove'; readonly namespace: string; readonly name: string }
  /** The stream reads up to so many lines. */
  | { readonly is: 'read'; readonly lines: number }
  | { readonly is: 'enter'; readonly namespace: string; readonly tells: boolean }
  | { readonly is: 'leave'; readonly namespace: string };

const anyNamespace = fc.constantFrom(...NAMESPACES);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constantFrom('write', 'remove'),
      namespace: anyNamespace,
      name: fc.constantFrom(...NAMES),
    }),
  },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('read'), lines: fc.integer({ min: 1, max: 4 }) }) },
  fc.record({ is: fc.constant('enter'), namespace: anyNamespace, tells: fc.boolean() }),
  fc.record({ is: fc.constant('leave'), namespace: anyNamespace }),
);

interface Stored {
  readonly uid: string;
  readonly version: number;
}

/** A server, and a stream of it whose scope changes: at the end the stream has read everything. */
function play(deeds: readonly Deed[]) {
  const objects = new Map<string, Stored>();
  const history: { readonly version: number; readonly key: string; readonly line: string }[] = [];
  /** Where the stream was when a namespace came in. */
  const since = new Map([['n1', 10]]);
  let version = 10;
  let uids = 0;
  const known = createKnownObjects();
  const scope = createScope(['n1']);
  const told: Change[] = [];
  const interpreter = createInterpreter({ ...PODS, scope }, known, () => undefined);
  let state: WatchState = advance(resumed({ resourceVersion: '10', epoch: 0 }, true), {
    is: 'head',
    resourceVersion: '10',
  });
  let read = 0;

  const text = (key: string, { uid, version: resourceVersion }: Stored): string => {
    const [namespace, name] = key.split('/');
    return JSON.stringify({ metadata: { namespace, name, uid, resourceVersion: String(resourceVersion) } });
  };
  const happen = (type: string, key: string, stored: Stored): void => {
    history.push({ version, key, line: `{"type":"${type}","object":${text(key, stored)}}` });
  };
  const readLines = (most: number): void => {
    for (const { line } of history.slice(read, read + most)) {
      const result = interpreter.lines(state, [Buffer.from(line)]);
      assert.equal(result.failure, undefined);
      told.push(...result.changes);
      state = result.state;
      read++;
    }
  };
  const list = (): void => {
    for (let entries = scope.entering(); entries.length > 0; entries = scope.entering()) {
      const entering = advance(state, { is: 'entering', entries });
      if (entering.at !== 'entering') throw new Error(entering.at);
      const items = Array.from(objects, ([key, stored]) => text(key, stored));
      const body = `{"metadata":{"resourceVersion":"${version}"},"items":[${items.join()}]}`;
      const result = interpreter.page(entering, readListPage(Buffer.from(body), PODS.resource));
      told.push(...result.changes);
      state = result.state;
    }
  };
  const perform = (it: Deed): void => {
    switch (it.is) {
      case 'write': {
        const key = `${it.namespace}/${it.name}`;
        const before = objects.get(key);
        const stored = { uid: before?.uid ?? `u${++uids}`, version: ++version };
        objects.set(key, stored);
        happen(before === undefined ? 'ADDED' : 'MODIFIED', key, stored);
        return;
      }
      case 'remove': {
        const key = `${it.namespace}/${it.name}`;
        const before = objects.get(key);
        if (before === undefined) return;
        objects.delete(key);
        happen('DELETED', key, { ...before, version: ++version });
        return;
      }
      case 'read':
        readLines(it.lines);
        return;
      case 'enter':
        if (!since.has(it.namespace))
          since.set(it.namespace, Number('resourceVersion' in state ? state.resourceVersion : NaN));
        scope.enter(it, false);
        list();
        return;
      case 'leave':
        scope.leave(it.namespace);
        for (const { namespace, name } of Array.from(known.all())) {
          if (namespace === it.namespace) known.forget(namespace, name);
        }
    }
  };
  for (const it of deeds) perform(it);
  readLines(Number.POSITIVE_INFINITY);
  return { objects, known, told, scope, history, since };
}

test('however namespaces come and go, what is known in the end is what exists in those that are meant', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60, size: 'max' }), (deeds) => {
      const { objects, known, scope } = play(deeds);
      const meant = Array.from(objects).filter(([key]) => scope.covers(key.slice(0, key.indexOf('/'))));
      const truth = meant.map(([key, { uid, version }]) => `${key} ${uid}@${version}`);
      const found = Array.from(known.all(), (it) => `${it.namespace}/${it.name} ${it.uid}@${it.resourceVersion}`);
      assert.deepEqual(found.toSorted(), truth.toSorted());
    }),
    { numRuns: 500 },
  );
});

test('however namespaces come and go, no object goes back in time and no state of it is told twice while it is known', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60, size: 'max' }), (deeds) => {
      // One that leaves is forgotten, so that its states may come again after it is back.
      const staying = deeds.filter(({ is }) => is !== 'leave');
      const last = new Map<string, number>();
      for (const { object } of play(staying).told) {
        const key = `${object.namespace}/${object.name}`;
        const version = Number(object.resourceVersion);
        assert.ok(version > (last.get(key) ?? 0), `${key}@${version} after ${last.get(key)}`);
        last.set(key, version);
      }
    }),
    { numRuns: 500 },
  );
});

test('whatever happens in a namespace after the moment at which it comes in is told, however late the stream reads it', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60, size: 'max' }), (deeds) => {
      const { told, history, since } = play(deeds.filter(({ is }) => is !== 'leave'));
      const versions = new Set(told.map(({ object }) => Number(object.resourceVersion)));
      for (const { version, key, line } of history) {
        const from = since.get(key.slice(0, key.indexOf('/')));
        if (from !== undefined && version > from) assert.ok(versions.has(version), line);
      }
    }),
    { numRuns: 500 },
  );
});
