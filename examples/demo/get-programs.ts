/**
 * Downloads or builds the programs of a control plane into the cache. A process of its own (see programs.ts): progress
 * goes to standard output, the reason of a failure to standard error.
 */
import { findPrograms, ProgramsMissing } from '../../test/controlplane/programs/find.ts';

// A build gets the same signal, as it is in our process group, and ends; we live on to remove its traces.
process.on('SIGTERM', () => undefined);
try {
  await findPrograms(['etcd', 'kube-apiserver', 'kube-controller-manager'], (line) =>
    process.stdout.write(`${line}\n`),
  );
} catch (error) {
  if (!(error instanceof ProgramsMissing)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
