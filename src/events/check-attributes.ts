import type { AttributeValue } from './cloud-event.ts';
import { isContentType } from './media-type.ts';
import type { Problem, SpecVersion } from './received-event.ts';
import { utcTimestamp } from './timestamp.ts';

/** Attributes that keep the rules, the specification's own apart from the extensions; else what is wrong with them. */
export interface CheckedAttributes {
  /** Present ones only: an optional attribute that is null or empty is absent. */
  readonly core: ReadonlyMap<string, string>;
  readonly extensions: Readonly<Record<string, AttributeValue>>;
  readonly problems: readonly Problem[];
}

/** What is wrong with a value, or undefined. An absent attribute is the empty string. */
type Rule = (value: string) => string | undefined;

/** More problems than anyone reads; one message of a few MiB could have millions. */
export const MAX_PROBLEMS = 100;

const MAX_INTEGER = 2 ** 31 - 1;
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:/i;
/** Characters that no attribute may hold (CloudEvents 1.0.2, section 3.1, String). They would break up our output, too. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/** Rules and sentences of CloudEvents' Go SDK v2 (`EventContextV1.Validate`, `EventContextV03.Validate`). */
const COMMON_RULES: readonly (readonly [string, Rule])[] = [
  ['id', required('MUST be a non-empty string')],
  ['source', required('REQUIRED')],
  ['type', required('MUST be a non-empty string')],
  ['subject', optional(isNotBlank, 'if present, MUST be a non-empty string')],
  ['time', optional(isTimestamp, 'if present, MUST adhere to the format specified in RFC 3339')],
  ['datacontenttype', optional(isContentType, 'if present, MUST adhere to the format specified in RFC 2046')],
];
const RULES: Readonly<Record<SpecVersion, ReadonlyMap<string, Rule>>> = {
  '1.0': new Map([
    ...COMMON_RULES,
    [
      'dataschema',
      optional(isAbsoluteUri, 'if present, MUST adhere to the format specified in RFC 3986, Section 4.3. Absolute URI'),
    ],
  ]),
  '0.3': new Map([
    ...COMMON_RULES,
    ['schemaurl', optional(isNotBlank, 'if present, MUST adhere to the format specified in RFC 3986')],
    [
      'datacontentencoding',
      optional(isBase64, "invalid datacontentencoding value, the only allowed value is 'base64'"),
    ],
  ]),
};

/**
 * Judges the attributes of an event by the rules of its version, in a fixed order, until {@link MAX_PROBLEMS} are found.
 * `attributes` are the names and values of the wire without `specversion` and data: text from headers, any JSON value
 * from an envelope.
 */
export function checkAttributes(specversion: SpecVersion, attributes: ReadonlyMap<string, unknown>): CheckedAttributes {
  const rules = RULES[specversion];
  const core = new Map<string, string>();
  const extensions: Record<string, AttributeValue> = {};
  const problems: Problem[] = [];
  for (const [attribute, rule] of rules) {
    const value = attributes.get(attribute) ?? '';
    const sentence = typeof value === 'string' ? (rule(value) ?? forbiddenIn(value)) : 'MUST be a string';
    if (sentence !== undefined) problems.push({ attribute, sentence });
    else if (typeof value === 'string' && value !== '') core.set(attribute, value);
  }
  for (const [attribute, value] of attributes) {
    if (problems.length === MAX_PROBLEMS) break;
    if (rules.has(attribute) || value === null) continue;
    const name = attribute.toLowerCase();
    const sentence = extensionNameProblem(name, rules) ?? extensionValueProblem(value);
    if (sentence !== undefined) problems.push({ attribute, sentence });
    else if (isAttributeValue(value)) extensions[name] = value;
  }
  return { core, extensions, problems };
}

function extensionNameProblem(name: string, rules: ReadonlyMap<string, Rule>): string | undefined {
  if (rules.has(name)) return `MUST be written in lower case, ${name}`;
  return /^[a-z0-9]+$/.test(name) ? undefined : 'is no attribute name, these consist of lower-case letters and digits';
}

function extensionValueProblem(value: unknown): string | undefined {
  if (!isAttributeValue(value)) return 'MUST be a string, a boolean or an integer of 32 bits';
  return typeof value === 'string' ? forbiddenIn(value) : undefined;
}

function isAttributeValue(value: unknown): value is AttributeValue {
  if (typeof value === 'number') return Number.isInteger(value) && value <= MAX_INTEGER && value >= -MAX_INTEGER - 1;
  return typeof value === 'string' || typeof value === 'boolean';
}

function required(sentence: string): Rule {
  return (value) => (isNotBlank(value) ? undefined : sentence);
}

function optional(holds: (value: string) => boolean, sentence: string): Rule {
  return (value) => (value === '' || holds(value) ? undefined : sentence);
}

/** What is wrong with the characters of an attribute, or undefined. */
export function forbiddenIn(value: string): string | undefined {
  const codePoint = FORBIDDEN.exec(value)?.[0].codePointAt(0);
  if (codePoint === undefined) return undefined;
  return `MUST NOT contain control characters, surrogates or noncharacters, found U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}

function isNotBlank(value: string): boolean {
  return value.trim() !== '';
}

function isTimestamp(value: string): boolean {
  return utcTimestamp(value) !== undefined;
}

function isAbsoluteUri(value: string): boolean {
  return ABSOLUTE_URI.test(value);
}

function isBase64(value: string): boolean {
  return value.toLowerCase() === 'base64';
}
