import { isDeepStrictEqual } from 'node:util';
import type { Container, PodTemplate } from './pod-template.ts';

/** An operation of a JSON patch (RFC 6902). */
export interface Operation {
  readonly op: 'test' | 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * What turns one template into another that differs in variables, mounts and volumes alone. Each change is preceded by
 * tests of what it relies on, so that it fails, and changes nothing, where somebody wrote meanwhile.
 *
 * @param at where the template is: `['spec', 'template']`
 */
export function templatePatch(before: PodTemplate, after: PodTemplate, at: readonly string[]): readonly Operation[] {
  const path = pointer([...at, 'spec']);
  const [from = {}, to = {}] = [before.spec, after.spec];
  return [
    ...containersPatch(from.initContainers, to.initContainers, `${path}/initContainers`),
    ...containersPatch(from.containers, to.containers, `${path}/containers`),
    ...fieldPatch(`${path}/volumes`, from.volumes, to.volumes),
  ];
}

/** What sets or removes one annotation. @param value undefined: it is removed */
export function annotationPatch(
  annotations: Readonly<Record<string, string>> | undefined,
  name: string,
  value: string | undefined,
): readonly Operation[] {
  if (annotations === undefined || Object.keys(annotations).length === 0) {
    return fieldPatch('/metadata/annotations', undefined, value === undefined ? undefined : { [name]: value });
  }
  return fieldPatch(pointer(['metadata', 'annotations', name]), annotations[name], value);
}

/** What makes a patch hold for one object alone, and not for another of its name. */
export function uidTest(uid: string | undefined): Operation {
  return { op: 'test', path: '/metadata/uid', value: uid };
}

function containersPatch(
  before: readonly Container[] = [],
  after: readonly Container[] = [],
  path: string,
): readonly Operation[] {
  return before.flatMap((container, i): readonly Operation[] => {
    const changed = after[i];
    const changes = [
      ...fieldPatch(`${path}/${i}/env`, container.env, changed?.env),
      ...fieldPatch(`${path}/${i}/volumeMounts`, container.volumeMounts, changed?.volumeMounts),
    ];
    // By its number a container is found, and others may have come before it.
    return changes.length === 0 ? [] : [{ op: 'test', path: `${path}/${i}/name`, value: container.name }, ...changes];
  });
}

function fieldPatch(path: string, before: unknown, after: unknown): readonly Operation[] {
  if (isDeepStrictEqual(before, after)) return [];
  // The API server's library takes null for absent here.
  const test: Operation = { op: 'test', path, value: before ?? null };
  if (after === undefined) return [test, { op: 'remove', path }];
  return [test, before === undefined ? { op: 'add', path, value: after } : { op: 'replace', path, value: after }];
}

function pointer(names: readonly string[]): string {
  return names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
