import { KubeError } from '../kube/errors.ts';
import { gatherTarget } from '../preview/gather-target.ts';
import type { WrittenSource } from '../preview/read-sources.ts';
import { watchRightsText } from '../preview/watch-rights.ts';
import { EXIT, type ExitCode } from '../process/exit.ts';
import { withDefaults } from '../sources/apiserver/spec.ts';
import { closeCluster, findCluster, type UsersCluster } from './cluster.ts';
import { CLUSTER_FLAGS, FILE_FLAG, readFlags } from './flags.ts';
import { asStored, writtenSources } from './written-sources.ts';

const HELP = `Usage: watchbridge rbac -f FILE [--cluster]

Prints the least roles and bindings, as YAML for kubectl apply, by which the
ServiceAccount of an ApiServerSource may watch what the source lists. Plural
names are what the cluster says; without one, what resources[].resource says.
Nothing is written to the cluster.

  -f, --file FILE    a file with ApiServerSources, or - for standard input
  --cluster          one ClusterRole in place of a Role in each namespace; with
                     a namespaceSelector it covers namespaces yet to come
  --kubeconfig FILE  where to find the API server (default: KUBECONFIG,
                     ~/.kube/config, the Pod's ServiceAccount)
  --context NAME     a context of the kubeconfig
  -h, --help         print this

Exit code: 0 everything is printed, 1 a manifest is wrong or something is not
known, 2 wrong arguments or a file that cannot be read.
`;

/** `watchbridge rbac`. */
export async function rbac(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const flags = readFlags(argv, { ...FILE_FLAG, ...CLUSTER_FLAGS, cluster: { type: 'boolean' } });
  switch (flags.is) {
    case 'help':
      process.stdout.write(HELP);
      return EXIT.ok;
    case 'wrong':
      process.stderr.write(`${flags.sentence} See watchbridge rbac --help.\n`);
      return EXIT.usage;
    case 'run': {
      const written = await writtenSources([...(flags.values.file ?? []), ...flags.positionals]);
      if ('exit' in written) return written.exit;
      const cluster = await findCluster(flags.values, env);
      try {
        return await print(written.sources, flags.values.cluster === true, cluster, signal);
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        process.stderr.write(`${error.message}\n`);
        return EXIT.failed;
      } finally {
        await closeCluster(cluster);
      }
    }
  }
}

/** Prints what is known of all of them, or nothing: half of the rights would look like all of them. */
async function print(
  sources: readonly WrittenSource[],
  wholeCluster: boolean,
  cluster: UsersCluster,
  signal: AbortSignal,
): Promise<ExitCode> {
  const texts: string[] = [];
  const problems: string[] = [];
  for (const written of sources) {
    const source = asStored(written, cluster.is === 'there' ? cluster.namespace : undefined);
    if (source === undefined) {
      problems.push(`${written.metadata.name}: the namespace is not known; write it as metadata.namespace.`);
      continue;
    }
    const spec = withDefaults(source.spec);
    const gathered = await gatherTarget(spec, source.metadata.namespace, cluster, signal);
    const { target, notes } = gathered;
    problems.push(...gathered.problems.map((problem) => `${source.metadata.name}: ${problem}`));
    if (!wholeCluster && target.namespaces.length === 0 && gathered.problems.length === 0) {
      problems.push(`${source.metadata.name}: no namespace matches now; use --cluster, or give one the labels.`);
    }
    texts.push(watchRightsText({ source, spec, target, wholeCluster }, notes));
  }
  if (problems.length === 0) process.stdout.write(texts.join('---\n'));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}
