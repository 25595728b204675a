import type { KubeObject } from '../kube/object.ts';
import type { ApiServerSource } from '../sources/apiserver/spec.ts';
import { isObject } from './check-schema.ts';
import { type Path, pathText, type Problem, shown } from './problem.ts';
import type { SourceChecks } from './source-problems.ts';
import { type Place, readYaml, type YamlDocument } from './yaml-documents.ts';

/** A problem and where it stands. */
export interface Finding extends Place {
  readonly file: string;
  /** `spec.resources[0].kind`; empty: it is about the document. */
  readonly field: string;
  readonly message: string;
}

export interface ReadSources {
  /** Those without problems. They have no uid, and a namespace only where they say so. */
  readonly sources: readonly WrittenSource[];
  /** How many ApiServerSources there are. */
  readonly total: number;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
}

/** An ApiServerSource as its author writes it: nothing has given it a uid yet, and perhaps no namespace. */
export type WrittenSource = KubeObject & Pick<ApiServerSource, 'spec'>;

const GROUP = 'sources.knative.dev/';
const KIND = 'ApiServerSource';

/** Reads every ApiServerSource of a YAML file, also those in a List. Other kinds are none of our business. */
export function readSources(file: string, text: string, checks: SourceChecks): ReadSources {
  const { documents, problems } = readYaml(text);
  const findings = problems.map(({ line, column, message }): Finding => ({
    file,
    line,
    column,
    field: '',
    message: `expected YAML; ${message}`,
  }));
  const sources: WrittenSource[] = [];
  let total = 0;

  const read = (document: YamlDocument, value: unknown, base: Path): void => {
    const tell = (found: readonly Problem[]): void => {
      for (const { path, at, message } of found) {
        findings.push({ file, ...document.place([...base, ...path], at), field: pathText(path), message });
      }
    };
    if (value === null) return;
    if (!isObject(value)) {
      tell([wrong([], `expected an object with apiVersion, kind, metadata and spec; found ${shown(value)}`)]);
      return;
    }
    const { kind, apiVersion, items } = value;
    if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
      for (const name of ['apiVersion', 'kind'].filter((it) => typeof value[it] !== 'string')) {
        tell([wrong([name], `expected a text, as every object of Kubernetes has it; found ${shown(value[name])}`)]);
      }
      return;
    }
    if (kind.endsWith('List') && Array.isArray(items)) {
      for (const [i, item] of items.entries()) read(document, item, [...base, 'items', i]);
      return;
    }
    if (kind !== KIND && (!apiVersion.startsWith(GROUP) || kind.toLowerCase() !== KIND.toLowerCase())) return;
    total++;
    const found = [...kindProblems(kind, apiVersion, checks), ...problemsOf(value, checks)];
    tell(found);
    if (found.length === 0) sources.push(checks.stored(value) as WrittenSource);
  };

  for (const document of documents) read(document, document.value, []);
  return { sources, total, findings: findings.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

/** `shop.yaml:12:5: spec.mode: expected ..`, as compilers and editors have it. */
export function findingText({ file, line, column, field, message }: Finding): string {
  return `${file}:${line}:${column}: ${field === '' ? '' : `${field}: `}${message}.`.replace(/([.?!])\.$/, '$1');
}

function kindProblems(kind: string, apiVersion: string, { apiVersions }: SourceChecks): Problem[] {
  return [
    ...(kind === KIND ? [] : [wrong(['kind'], `expected ${KIND}; found ${shown(kind)}; mind upper and lower case`)]),
    ...(apiVersions.includes(apiVersion)
      ? []
      : [wrong(['apiVersion'], `expected ${apiVersions[0] ?? ''}; found ${shown(apiVersion)}`)]),
  ];
}

/** Of a version that the CRD does not have, by the newest that it has: what else is wrong is worth knowing. */
function problemsOf(value: Record<string, unknown>, checks: SourceChecks): Problem[] {
  const isKnown = checks.apiVersions.includes(String(value['apiVersion']));
  return checks.problems(isKnown ? value : { ...value, apiVersion: checks.apiVersions[0] });
}

function wrong(path: Path, message: string): Problem {
  return { path, at: 'value', message };
}
