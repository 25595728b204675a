import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  missingRights,
  nextQuestions,
  type Question,
  serviceAccount,
  type Watched,
} from '../../../src/sources/apiserver/permissions.ts';

const PODS = { group: '', plural: 'pods', namespaced: true };
const JOBS = { group: 'batch', plural: 'jobs', namespaced: true };
const NODES = { group: '', plural: 'nodes', namespaced: false };
const ACCOUNT = serviceAccount('testnamespace', 'default');

/** Asks until all is answered, and says what was asked, in order. */
function ask(watched: Watched, may: (question: Question) => boolean): { asked: string[]; missing: string | undefined } {
  const known = new Map<string, boolean>();
  const asked: string[] = [];
  const answers = (question: Question): boolean | undefined => known.get(textOf(question));
  for (;;) {
    const questions = nextQuestions(watched, answers);
    if (questions.length === 0) return { asked, missing: missingRights(ACCOUNT, watched, answers) };
    for (const question of questions) {
      assert.ok(!known.has(textOf(question)), `asked twice: ${textOf(question)}`);
      asked.push(textOf(question));
      known.set(textOf(question), may(question));
    }
  }
}

function textOf({ verb, group, resource, namespace }: Question): string {
  return `${verb} ${group}/${resource} ${namespace}`;
}

const nobody = (): boolean => false;
const everybody = (): boolean => true;

test('an account has the groups that the API server gives it', () => {
  assert.deepEqual(serviceAccount('shop', 'events-sa'), {
    user: 'system:serviceaccount:shop:events-sa',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
  });
});

test('R1: of one namespace three questions are asked, and what is missing is said in the words of upstream', () => {
  const watched = { resources: [{ ...PODS, plural: 'namespaces' }], namespaces: ['testnamespace'] };
  assert.deepEqual(ask(watched, nobody), {
    asked: ['get /namespaces testnamespace', 'list /namespaces testnamespace', 'watch /namespaces testnamespace'],
    missing:
      'User system:serviceaccount:testnamespace:default cannot get, list, watch resource "namespaces" in API group "" in Namespace "testnamespace"',
  });
});

test('R7: of several namespaces the cluster is asked about first, and that is all where it is allowed', () => {
  const watched = { resources: [PODS], namespaces: ['test-a', 'test-b'] };
  const { asked, missing } = ask(watched, everybody);
  assert.deepEqual([asked, missing], [['get /pods ', 'list /pods ', 'watch /pods '], undefined]);
});

test('R7: without rights in the cluster each namespace is asked about, one after the other', () => {
  const watched = { resources: [PODS, JOBS], namespaces: ['a', 'b'] };
  const { asked, missing } = ask(
    watched,
    ({ namespace, verb }) => namespace === 'a' || (namespace === 'b' && verb === 'get'),
  );
  const inOrder = ['/pods a', '/pods b', 'batch/jobs a', 'batch/jobs b'];
  assert.deepEqual(
    asked.slice(6),
    inOrder.flatMap((place) => [`get ${place}`, `list ${place}`, `watch ${place}`]),
  );
  assert.equal(
    missing,
    'User system:serviceaccount:testnamespace:default cannot list, watch resource "pods" in API group "" in Namespace "b", list, watch resource "jobs" in API group "batch" in Namespace "b"',
  );
});

test('a verb that is allowed in the cluster is not asked about in the namespaces', () => {
  const watched = { resources: [PODS], namespaces: ['a', 'b'] };
  const { asked, missing } = ask(watched, ({ namespace, verb }) => (namespace === '' ? verb !== 'watch' : true));
  assert.deepEqual(asked.slice(3), ['watch /pods a', 'watch /pods b']);
  assert.equal(missing, undefined);
});

test('R8: a watch of all namespaces needs rights in the cluster, and those in every single one are not enough', () => {
  const { asked, missing } = ask({ resources: [PODS], namespaces: 'all' }, ({ namespace }) => namespace !== '');
  assert.deepEqual(asked, ['get /pods ', 'list /pods ', 'watch /pods ']);
  assert.match(missing ?? '', / cannot get, list, watch resource "pods" in API group "" in Namespace ""$/);
});

test('a cluster-scoped kind is asked about in the cluster, whatever the namespaces', () => {
  const { asked } = ask({ resources: [NODES], namespaces: ['shop'] }, everybody);
  assert.deepEqual(asked, ['get /nodes ', 'list /nodes ', 'watch /nodes ']);
});

test('where no namespace matches, nothing is asked and nothing is missing', () => {
  assert.deepEqual(ask({ resources: [PODS], namespaces: [] }, nobody), { asked: [], missing: undefined });
});

test('something is missing exactly where a request of the adapter would be refused', () => {
  const right = fc.record({ verb: fc.constantFrom('get', 'list', 'watch'), namespace: fc.constantFrom('', 'a', 'b') });
  fc.assert(
    fc.property(
      fc.subarray([PODS, NODES]),
      fc.oneof(fc.constant('all' as const), fc.subarray(['a', 'b'])),
      fc.uniqueArray(right, { selector: (it) => `${it.verb} ${it.namespace}`, maxLength: 9 }),
      (resources, namespaces, rights) => {
        const may = (verb: string, namespace: string): boolean =>
          rights.some((it) => it.verb === verb && (it.namespace === '' || it.namespace === namespace));
        const { missing } = ask({ resources, namespaces }, ({ verb, namespace }) => may(verb, namespace));
        const refused = resources.some(({ namespaced }) =>
          (namespaced && namespaces !== 'all' ? namespaces : ['']).some((namespace) =>
            ['get', 'list', 'watch'].some((verb) => !may(verb, namespace)),
          ),
        );
        assert.equal(missing !== undefined, refused);
      },
    ),
  );
});

test('of many rights that are missing the first twenty are told, and how many more there are', () => {
  const resources = Array.from({ length: 30 }, (_, i) => ({ ...PODS, plural: `kind${i}s` }));
  const { missing = '' } = ask({ resources, namespaces: ['testnamespace'] }, nobody);
  assert.equal(missing.match(/in Namespace/g)?.length, 20);
  assert.match(missing, /"kind19s" in API group "" in Namespace "testnamespace", and 10 more$/);
});
