/** What Go's package flag makes of a command line whose flags all take a text. */
export type ReadGoFlags<Name extends string> =
  | { readonly is: 'read'; readonly values: Readonly<Record<Name, string>> }
  | { readonly is: 'help' }
  | { readonly is: 'wrong'; readonly sentence: string };

/**
 * Reads `-name value`, `-name=value` and both with two dashes, the last one of a name winning, up to the first
 * argument that is no flag (https://pkg.go.dev/flag, "Command line flag syntax").
 *
 * @param defaults of every flag there is
 */
export function readGoFlags<Name extends string>(
  argv: readonly string[],
  defaults: Readonly<Record<Name, string>>,
): ReadGoFlags<Name> {
  const values: Record<Name, string> = { ...defaults };
  const isFlag = (name: string): name is Name => Object.hasOwn(defaults, name);
  const rest = [...argv];
  for (let text = rest.shift(); text !== undefined; text = rest.shift()) {
    const [, dashes = '', name = '', given] = /^(-*)([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    if (dashes === '' || text === '-' || text === '--') break;
    if (dashes.length > 2 || name === '') return { is: 'wrong', sentence: `bad flag syntax: ${text}` };
    if (!isFlag(name)) {
      if (name === 'help' || name === 'h') return { is: 'help' };
      return { is: 'wrong', sentence: `flag provided but not defined: -${name}` };
    }
    const value = given ?? rest.shift();
    if (value === undefined) return { is: 'wrong', sentence: `flag needs an argument: -${name}` };
    values[name] = value;
  }
  return { is: 'read', values };
}
