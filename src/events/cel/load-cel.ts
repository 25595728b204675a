import type { CelExpression, WrongCel } from './cel.ts';

type Compile = (text: string) => CelExpression | WrongCel;

let compile: Compile | undefined;

/**
 * Makes expressions known to {@link compileWhen}. They take 11 MB and 75 ms of a processor, which a source without any
 * does not pay; so this is to be called before a configuration is read that has some.
 */
export async function loadCel(): Promise<void> {
  const { compileCel } = await import('./cel.ts');
  compile = compileCel;
}

/** Whether the text of a configuration can have an expression. A name can be written with escapes. */
export function mayHaveCel(sourceConfig: string | undefined): boolean {
  return sourceConfig !== undefined && /"when"|\\u/.test(sourceConfig);
}

/** @throws where {@link loadCel} was not called */
export function compileWhen(text: string): CelExpression | WrongCel {
  if (compile === undefined) throw new Error('An expression is to be compiled, and CEL was not loaded.');
  return compile(text);
}
