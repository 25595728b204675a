import { selectorProblems } from '../label-selector.ts';
import { groupVersionOf } from '../apiserver/spec.ts';
import { overrideProblems } from '../override-problems.ts';
import type { SinkBindingSpec } from './spec.ts';

/**
 * What is wrong with a spec that the API server has let pass: because the schema cannot see it, or was not there when
 * the object was stored. Each is a sentence.
 *
 * @param own the namespace of the binding
 */
export function specProblems({ subject = {}, ceOverrides }: SinkBindingSpec, own: string): string[] {
  const { apiVersion = '', kind = '', namespace, name, selector } = subject;
  return [
    ...(groupVersionOf(apiVersion) === undefined
      ? [
          `spec.subject.apiVersion must be GROUP/VERSION, or v1 for the core group: found ${JSON.stringify(apiVersion)}.`,
        ]
      : []),
    ...(kind === '' ? ['spec.subject.kind is empty; it must be a kind, such as Deployment.'] : []),
    ...(namespace && namespace !== own
      ? [`spec.subject.namespace is ${namespace}; a binding binds in its own namespace, ${own}, only.`]
      : []),
    ...(Boolean(name) === (selector !== undefined)
      ? [`spec.subject must have either name or selector; it has ${name ? 'both' : 'neither'}.`]
      : []),
    ...selectorProblems(selector ?? {}).map((problem) => `spec.subject.selector.${problem}.`),
    ...overrideProblems({ ceOverrides }),
  ];
}
