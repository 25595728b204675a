import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** A Kubernetes object as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** The folder of the kustomization that is all of Watchbridge. */
export const MANIFESTS = join(import.meta.dirname, '..', 'manifests');

/** The objects that `kubectl apply -k` would apply, in its order. Only `resources` of a kustomization are followed. */
export function readKustomization(folder: string): readonly Manifest[] {
  const [kustomization] = readDocuments(join(folder, 'kustomization.yaml')) as { resources: string[] }[];
  return (kustomization?.resources ?? []).flatMap((resource) => {
    const path = join(folder, resource);
    return statSync(path).isDirectory() ? readKustomization(path) : readManifests(path);
  });
}

/** The objects of a YAML file, whose aliases are resolved. */
export function readManifests(file: string): readonly Manifest[] {
  return readDocuments(file) as readonly Manifest[];
}

function readDocuments(file: string): readonly unknown[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw new Error(`${file} is not YAML: ${problem.message}`, { cause: problem });
    // The yaml package takes more than 100 aliases for an attack. The schema of the CRD says many things several times.
    return document.toJS({ maxAliasCount: -1 }) as unknown;
  });
}
