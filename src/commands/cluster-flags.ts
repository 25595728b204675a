import { parseArgs } from 'node:util';
import { EXIT, type ExitCode } from '../process/exit.ts';

/** Which cluster a command line names. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Reads --kubeconfig and --context. An exit code: there is nothing to run, and what there is to say was said. */
export function readClusterFlags(argv: readonly string[], help: string): ClusterFlags | ExitCode {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { kubeconfig: { type: 'string' }, context: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help === true) {
      process.stdout.write(help);
      return EXIT.ok;
    }
    const { kubeconfig, context } = values;
    return { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return EXIT.usage;
  }
}
