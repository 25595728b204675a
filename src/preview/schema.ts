import { parse } from 'yaml';
import { DEFINITION_TEXT } from './definition-text.ts';

/** A node of a structural schema (apiextensions.k8s.io/v1 JSONSchemaProps), as far as our CRD uses it. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

/** A CEL expression that must be true of `self`. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** A CEL expression of the message. */
  readonly messageExpression?: string;
  /** Which field below `self` the message is about: `.delivery`. */
  readonly fieldPath?: string;
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** The schema of ApiServerSource by `apiVersion`, as the API server is given it. */
export function sourceSchemas(): ReadonlyMap<string, Schema> {
  // The CRD says many things several times; the package takes so many aliases for an attack.
  const { spec } = parse(DEFINITION_TEXT, { maxAliasCount: -1 }) as Definition;
  return new Map(spec.versions.map(({ name, schema }) => [`${spec.group}/${name}`, schema.openAPIV3Schema]));
}
