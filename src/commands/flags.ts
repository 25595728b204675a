import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** A command line as a command takes it. */
export type Flags<O extends ParseArgsOptionsConfig> =
  | { readonly is: 'run'; readonly values: Values<O>; readonly positionals: readonly string[] }
  | { readonly is: 'help' }
  | { readonly is: 'wrong'; readonly sentence: string };

type Values<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>['values'];

/** How a cluster is chosen. */
export const CLUSTER_FLAGS = { kubeconfig: { type: 'string' }, context: { type: 'string' } } as const;

/** What a command reads manifests from; further files may follow without `-f`, as shells put them for `*.yaml`. */
export const FILE_FLAG = { file: { type: 'string', short: 'f', multiple: true } } as const;

/**
 * Reads a command line; `--help` wins over everything that is right.
 * @param takes whether arguments that are no flags have a meaning. Default: they do
 */
export function readFlags<const O extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: O,
  takes: { readonly arguments: 'any' | 'none' } = { arguments: 'any' },
): Flags<O> {
  try {
    // Asked for beside the command's own, so that the type of its values stays what the command declared.
    const help = { help: { type: 'boolean', short: 'h' } } as const;
    const allowPositionals = takes.arguments === 'any';
    const all = parseArgs({ args: [...argv], options: { ...options, ...help }, allowPositionals });
    if ('help' in all.values && all.values.help === true) return { is: 'help' };
    return { is: 'run', values: all.values, positionals: all.positionals };
  } catch (error) {
    // The rest of parseArgs' message is advice for other command lines.
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(
      /\.? (?=To specify|This command)|\n/,
    );
    return { is: 'wrong', sentence: `${sentence.replace(/\.$/, '')}.` };
  }
}
