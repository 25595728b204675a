import { join } from 'node:path';
import { MANIFESTS, type Manifest, readManifests } from '../../scripts/manifests.ts';

/** A node of a structural schema, as far as tests look at it. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly [keyword: string]: unknown;
}

export interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly additionalPrinterColumns: readonly { readonly name: string; readonly jsonPath: string }[];
  readonly schema: { readonly openAPIV3Schema: Schema };
}

export interface Definition extends Manifest {
  readonly spec: {
    readonly names: { readonly categories: readonly string[] };
    readonly conversion: { readonly strategy: string };
    readonly versions: readonly Version[];
  };
}

/** A field of a schema: `spec.resources[].kind`, `spec.ceOverrides.extensions.*` for the values of a map. */
export interface Field {
  readonly path: string;
  readonly schema: Schema;
}

/** The CRD of ApiServerSource, as the file has it. */
export function definition(): Definition {
  const [crd] = readManifests(join(MANIFESTS, 'crds', 'apiserversources.yaml'));
  if (crd === undefined) throw new Error('the file of the CRD is empty');
  return crd as Definition;
}

/** The schema of a version of the CRD. */
export function schemaOf(name = 'v1'): Schema {
  const version = definition().spec.versions.find((it) => it.name === name);
  if (version === undefined) throw new Error(`the CRD has no version ${name}`);
  return version.schema.openAPIV3Schema;
}

/** Everything that stands in a schema, with what is inside lists and maps. */
export function fieldsOf(schema: Schema, path = ''): readonly Field[] {
  const inside: readonly (readonly [string, Schema])[] = [
    ...Object.entries(schema.properties ?? {}).map(
      ([name, it]) => [path === '' ? name : `${path}.${name}`, it] as const,
    ),
    ...(schema.items === undefined ? [] : [[`${path}[]`, schema.items] as const]),
    ...(schema.additionalProperties === undefined ? [] : [[`${path}.*`, schema.additionalProperties] as const]),
  ];
  return inside.flatMap(([place, it]) => [{ path: place, schema: it }].concat(fieldsOf(it, place)));
}
