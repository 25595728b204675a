import { EXIT, type ExitCode } from '../process/exit.ts';
import { CLUSTER_FLAGS, readFlags } from './flags.ts';

/** Which cluster a command line names. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/**
 * Reads --kubeconfig and --context. An exit code: there is nothing to run, and what there is to say was said.
 * @param command `watchbridge COMMAND`
 */
export function readClusterFlags(command: string, argv: readonly string[], help: string): ClusterFlags | ExitCode {
  const flags = readFlags(argv, CLUSTER_FLAGS, { arguments: 'none' });
  switch (flags.is) {
    case 'help':
      process.stdout.write(help);
      return EXIT.ok;
    case 'wrong':
      process.stderr.write(`${flags.sentence} See watchbridge ${command} --help.\n`);
      return EXIT.usage;
    case 'run': {
      const { kubeconfig, context } = flags.values;
      return { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
    }
  }
}
