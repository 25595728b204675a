import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type Tags } from 'yaml';
import type { Path } from './problem.ts';

/** Where something stands, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A document of a YAML file. */
export interface YamlDocument {
  /** As JSON has it. */
  readonly value: unknown;
  /** What does not exist stands where that is which should have it. */
  place(path: Path, at: 'key' | 'value'): Place;
}

export interface ReadYaml {
  readonly documents: readonly YamlDocument[];
  /** What is no YAML. */
  readonly problems: readonly (Place & { readonly message: string })[];
}

/**
 * Reads YAML as kubectl does (sigs.k8s.io/yaml): 1.1, with `yes` and `on` for true, and without its dates and
 * sexagesimal numbers. JSON is YAML.
 */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'yaml-1.1',
    resolveKnownTags: false,
    customTags: withoutTimes,
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const documents: YamlDocument[] = [];
  const problems: (Place & { message: string })[] = [];
  for (const document of parsed) {
    for (const error of document.errors) problems.push({ ...placeAt(error.pos[0]), message: oneLine(error.message) });
    if (document.errors.length > 0) continue;
    const read = valueOf(document);
    if ('message' in read) problems.push({ ...placeAt(document.contents?.range?.[0] ?? 0), message: read.message });
    else documents.push({ value: read.value, place: (path, at) => placeAt(offsetOf(document, path, at)) });
  }
  return { documents, problems };
}

function withoutTimes(tags: Tags): Tags {
  return tags.filter((tag) => {
    if (typeof tag === 'string') return true;
    const isTime = 'format' in tag && tag.format === 'TIME';
    return !isTime && !/:(timestamp|binary|omap|pairs|set)$/.test(tag.tag);
  });
}

/** Aliases that make much out of little are an attack, or an accident. */
function valueOf(document: Document.Parsed): { readonly value: unknown } | { readonly message: string } {
  try {
    return { value: document.toJS() as unknown };
  } catch (error) {
    return { message: oneLine(error instanceof Error ? error.message : String(error)) };
  }
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [i, step] of path.entries()) {
    const found: { key: Node | undefined; value: Node | null } | undefined = childOf(document, node, step);
    if (found === undefined) return offset;
    const isLast = i === path.length - 1;
    const key = found.key?.range?.[0];
    const value = found.value?.range?.[0];
    offset = (isLast && at === 'value' ? (value ?? key) : (key ?? value)) ?? offset;
    node = found.value;
  }
  return offset;
}

function childOf(
  document: Document.Parsed,
  node: Node | null,
  step: string | number,
): { key: Node | undefined; value: Node | null } | undefined {
  const target = node !== null && 'resolve' in node ? (node.resolve(document) ?? null) : node;
  if (isSeq<Node>(target)) {
    const value = typeof step === 'number' ? target.items[step] : undefined;
    return value === undefined ? undefined : { key: undefined, value };
  }
  if (!isMap<Node, Node | null>(target)) return undefined;
  const pair = target.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().replace(/[.:]$/, '');
}
