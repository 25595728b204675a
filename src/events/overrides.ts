import { forbiddenIn } from './check-attributes.ts';
import { jsonProblem, shownText, shownValue } from '../process/shown.ts';

export interface ReadOverrides {
  /** Names in lower case. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

/** CloudEvents 1.0, "Attribute Naming Convention". */
const EXTENSION_NAME = /^[a-z0-9]+$/;
/** CloudEvents' own, which an override would make invalid. */
export const CORE_ATTRIBUTES: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'data',
]);
/** It becomes a header of every request, and servers take 8 KiB to 16 KiB of all headers together. */
const MOST_CHARACTERS = 4_096;
const WANTED = 'it must be an object of texts, such as {"extensions":{"cluster":"blue"}}';

/**
 * Reads `K_CE_OVERRIDES`: extensions that every event gets. A wrong one makes upstream drop every event when it is
 * sent; here it ends the start.
 */
export function readOverrides(text: string | undefined): ReadOverrides {
  if (text === undefined || text.trim() === '') return { overrides: {}, problems: [] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { overrides: {}, problems: [`K_CE_OVERRIDES is not JSON: ${jsonProblem(text, error)}; ${WANTED}.`] };
  }
  const extensions = isObject(value) ? (value['extensions'] ?? {}) : (value ?? {});
  if (!isObject(extensions)) {
    return {
      overrides: {},
      problems: [`K_CE_OVERRIDES is no set of extensions: found ${shownValue(value)}; ${WANTED}.`],
    };
  }
  const problems: string[] = [];
  const overrides = new Map<string, string>();
  for (const [name, extension] of Object.entries(extensions)) {
    const problem = extensionNameProblem(name.toLowerCase()) ?? valueProblem(extension);
    if (problem !== undefined) problems.push(`K_CE_OVERRIDES: the extension ${shownText(name)} ${problem}.`);
    else overrides.set(name.toLowerCase(), String(extension));
  }
  return { overrides: Object.fromEntries(overrides), problems };
}

/** Why no extension can have this name, or undefined; a clause without its subject. */
export function extensionNameProblem(name: string): string | undefined {
  if (!EXTENSION_NAME.test(name)) return 'has a name that CloudEvents does not allow; use letters and digits';
  if (CORE_ATTRIBUTES.has(name)) {
    return 'is an attribute of CloudEvents itself, which cannot be overridden; choose another name';
  }
  return undefined;
}

function valueProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be a text: found ${shownValue(value)}`;
  if (value.length > MOST_CHARACTERS) {
    return `has ${value.length} characters; at most ${MOST_CHARACTERS} can be sent with every event`;
  }
  return forbiddenIn(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
