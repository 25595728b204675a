import type { Change, ObjectHead } from '../../src/watch/change.ts';
import type { KnownObjects } from '../../src/watch/known-objects.ts';

/** The head of an object in namespace `n`, written as `a u1@5`: name, uid and resourceVersion. */
export function headOf(text: string): ObjectHead {
  const [, name = '', uid = '', resourceVersion = ''] = /^(\S+) ([^@]+)@(\S+)$/.exec(text) ?? [];
  return { namespace: 'n', name, uid, resourceVersion };
}

/** The JSON of the object that `a u1@5` stands for. */
export function objectText(text: string): string {
  const { namespace, name, uid, resourceVersion } = headOf(text);
  return JSON.stringify({ kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace, uid, resourceVersion } });
}

/** A line of a watch without its line feed: `lineOf('ADDED a u1@5')`. */
export function lineOf(text: string): string {
  const [type = '', ...rest] = text.split(' ');
  return `{"type":"${type}","object":${objectText(rest.join(' '))}}`;
}

export function bookmark(resourceVersion: string): string {
  return JSON.stringify({ type: 'BOOKMARK', object: { kind: 'Pod', metadata: { resourceVersion } } });
}

/** The bookmark that ends the initial events of a streaming list. */
export function endOfList(resourceVersion: string): string {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return JSON.stringify({ type: 'BOOKMARK', object: { kind: 'Pod', metadata: { resourceVersion, annotations } } });
}

export function errorLine(status: unknown): string {
  return JSON.stringify({ type: 'ERROR', object: status });
}

export function pageOf(resourceVersion: string, objects: readonly string[], token?: string): string {
  const metadata = JSON.stringify({ resourceVersion, continue: token });
  return `{"kind":"PodList","apiVersion":"v1","metadata":${metadata},"items":[${objects.map(objectText).join()}]}`;
}

/**
 * A change in one line: `update a u1@6 over u1@5`, `delete a u1@6 over u1@5`. What did not come from the watch says by
 * what it was found, and what has no body says so: `delete a u1@5 over u1@5 by comparison, without body`.
 */
export function sentenceOf({ type, object, before, foundBy, body }: Change): string {
  return [
    `${type} ${object.name} ${object.uid}@${object.resourceVersion}`,
    before === undefined ? '' : ` over ${before.uid}@${before.resourceVersion}`,
    foundBy === 'watch' ? '' : ` by ${foundBy}`,
    body === undefined ? ', without body' : '',
  ].join('');
}

/** Everything that is known of the names `a` to `e`, as `a u1@5`. */
export function knownIn(known: KnownObjects): string[] {
  return ['a', 'b', 'c', 'd', 'e'].flatMap((name) => {
    const found = known.find('n', name);
    return found === undefined ? [] : [`${name} ${found.uid}@${found.resourceVersion}`];
  });
}
