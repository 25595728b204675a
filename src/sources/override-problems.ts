import { forbiddenIn } from '../events/check-attributes.ts';
import { CORE_ATTRIBUTES } from '../events/overrides.ts';

interface Overriding {
  readonly ceOverrides?: { readonly extensions?: Readonly<Record<string, string>> } | undefined;
}

/** What is wrong with extensions that override those of events, each as a sentence. */
export function overrideProblems({ ceOverrides }: Overriding): string[] {
  return Object.entries(ceOverrides?.extensions ?? {}).flatMap(([name, value]) => {
    const why = CORE_ATTRIBUTES.has(name.toLowerCase())
      ? 'is an attribute of CloudEvents itself, which cannot be overridden; choose another name'
      : !/^[a-z0-9]+$/i.test(name)
        ? 'has a name that CloudEvents does not allow; use letters and digits'
        : forbiddenIn(value);
    return why === undefined ? [] : [`spec.ceOverrides.extensions: ${JSON.stringify(name)} ${why}.`];
  });
}
