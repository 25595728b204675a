import { loadCel } from '../events/cel/load-cel.ts';
import { readCertificates } from '../delivery/certificates.ts';
import { sourceConfigText } from '../sources/apiserver/source-config-text.ts';
import { configProblems, specProblems } from '../sources/apiserver/spec-problems.ts';
import { type Spec, type StoredSpec, withDefaults } from '../sources/apiserver/spec.ts';
import { targetOf } from '../sources/apiserver/watched.ts';
import { createRules } from './cel-rules.ts';
import { isObject, schemaProblems } from './check-schema.ts';
import { defaulted } from './defaulted.ts';
import { metadataProblems } from './metadata-problems.ts';
import { isWithin, parsePath, type Problem } from './problem.ts';
import { type Schema, sourceSchemas } from './schema.ts';

// Whoever judges manifests meets expressions sooner or later, and judges at once.
await loadCel();

/** Finds everything that is wrong with an ApiServerSource of a version that the CRD has. */
export interface SourceChecks {
  /** `apiVersion`s that sources can have. */
  readonly apiVersions: readonly string[];
  /** As the API server would store it: with defaults, and without fields that are null. */
  stored(source: Readonly<Record<string, unknown>>): unknown;
  /** What the API server would refuse it for. */
  refusals(source: Readonly<Record<string, unknown>>): Problem[];
  /** The same, and what its schema cannot see but the controller or the adapter would stop at. */
  problems(source: Readonly<Record<string, unknown>>): Problem[];
}

export function createSourceChecks(): SourceChecks {
  const schemas = sourceSchemas();
  const rules = createRules();

  const schemaOf = (source: Readonly<Record<string, unknown>>): Schema => {
    const schema = schemas.get(String(source['apiVersion']));
    if (schema === undefined) throw new Error(`The CRD has no ${String(source['apiVersion'])}.`);
    return schema;
  };

  const refusals = (source: Readonly<Record<string, unknown>>): Problem[] => {
    const schema = schemaOf(source);
    const value = asCreated(source, schema);
    const found = [...metadataProblems(source['metadata']), ...schemaProblems(value, schema, [])];
    return [...found, ...rules(value, schema, [], found).map(named)];
  };

  return {
    apiVersions: [...schemas.keys()],
    stored: (source) => defaulted(source, schemaOf(source)),
    refusals,
    problems: (source) => {
      const found = refusals(source);
      if (found.some(({ blocking }) => blocking === true)) return found;
      const { spec } = asCreated(source, schemaOf(source)) as { spec: StoredSpec };
      const more = adapterProblems(withDefaults(spec)).filter(
        ({ path }) => !found.some((it) => isWithin(it.path, path) || isWithin(path, it.path)),
      );
      return [...found, ...more];
    },
  };
}

/** A rule of the whole object is one about its name: of its metadata rules see nothing else (KEP-2876). */
function named(problem: Problem): Problem {
  const { path, at, message } = problem;
  return path.length > 0 ? problem : { path: ['metadata', 'name'], at, message };
}

/** As the API server validates what is created: it has a name by then, defaults, and no status. */
function asCreated(source: Readonly<Record<string, unknown>>, schema: Schema): unknown {
  const { status: _status, ...given } = source;
  const { metadata } = given;
  if (!isObject(metadata) || typeof metadata['name'] === 'string') return defaulted(given, schema);
  return defaulted({ ...given, metadata: { ...metadata, name: `${String(metadata['generateName'])}xxxxx` } }, schema);
}

/** Where the sentences of others say that something is wrong. */
const PLACE = /^(spec(?:\.[A-Za-z]\w*|\[\d+\])*)(?: |: |\.)?/;

/** What the schema cannot see, in the words of who would find it: the controller's plan, or the adapter at its start. */
function adapterProblems(spec: Spec): Problem[] {
  const sentences = specProblems(spec);
  if (sentences.length === 0) sentences.push(...configProblems(configText(spec)));
  return [...sentences.map(placed), ...certificateProblems(spec)];
}

function configText(spec: Spec): string {
  const target = targetOf(spec, 'default', [], []);
  return sourceConfigText(spec, {
    uid: 'validate',
    resources: target.resources,
    namespaces: target.names,
    deadLetterSink: undefined,
    failFast: false,
  });
}

function placed(sentence: string): Problem {
  const [, place = 'spec'] = PLACE.exec(sentence) ?? [];
  const path = parsePath(place);
  // What the adapter calls gvr is apiVersion and kind to whoever writes the source.
  const end = path.indexOf('gvr');
  const rest = sentence.startsWith(place) ? sentence.slice(place.length).replace(/^(: | )/, '') : sentence;
  return { path: end < 0 ? path : path.slice(0, end), at: 'value', message: rest.replace(/\.$/, '') };
}

function certificateProblems({ sink, delivery }: Spec): Problem[] {
  const of = (text: string | undefined, path: Problem['path']): Problem[] =>
    text === undefined || text === ''
      ? []
      : readCertificates(text).problems.map((message) => ({ path: [...path, 'CACerts'], at: 'value', message }));
  return [
    ...of(sink.CACerts, ['spec', 'sink']),
    ...of(delivery?.deadLetterSink?.CACerts, ['spec', 'delivery', 'deadLetterSink']),
  ];
}
