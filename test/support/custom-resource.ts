import { randomBytes } from 'node:crypto';
import type { Admin, Body } from './admin.ts';
import { eventually } from './eventually.ts';
import type { Scope } from './scope.ts';

/** A kind of custom objects, `Thing`, in an API group that no other test has. Their content is free. */
export interface CustomResource {
  readonly group: string;
  readonly apiVersion: string;
  /** For a writer: what an object has beside its name. */
  content(revision: number): Body;
  /** The path of the collection of a namespace. */
  collection(namespace: string): string;
  /** Resolves when objects can be made. */
  install(): Promise<void>;
  /** Takes the kind and all its objects away; resolves when they are gone. */
  remove(): Promise<void>;
}

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Describes a custom resource; it is not installed yet, and it goes with the test. */
export function customResource(t: Scope, admin: Admin): CustomResource {
  const group = `test-${randomBytes(4).toString('hex')}.example.com`;
  const definition = `${DEFINITIONS}/things.${group}`;
  const collection = (namespace: string): string => `/apis/${group}/v1/namespaces/${namespace}/things`;
  const isThere = async (): Promise<boolean> => (await admin.request('GET', definition)).status === 200;
  const remove = async (): Promise<void> => {
    await admin.request('DELETE', definition);
    await eventually('the custom resource to be gone', async () => !(await isThere()));
  };
  t.after(remove);
  return {
    group,
    apiVersion: `${group}/v1`,
    content: (revision) => ({ apiVersion: `${group}/v1`, kind: 'Thing', spec: { revision } }),
    collection,
    install: async () => {
      await admin.create(DEFINITIONS, definitionOf(group));
      await eventually(
        'the custom resource to be served',
        async () => (await admin.request('GET', collection('default'))).status === 200,
      );
    },
    remove,
  };
}

function definitionOf(group: string): Record<string, unknown> {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}
