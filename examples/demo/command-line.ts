import { parseArgs } from 'node:util';
import { KubeError } from '../../src/kube/errors.ts';
import { EXIT } from '../../src/process/exit.ts';
import { DemoFailed, Interrupted } from './failures.ts';

const HELP = `Usage: npm run demo [-- --exit]

Starts a Kubernetes control plane on this machine, installs Watchbridge there with
an ApiServerSource, changes some objects and shows the events of that. Then it
stays and shows the events of whatever you change, until Ctrl-C.

  --exit  end after the demo's own changes
  --help  this text
`;
/** After Ctrl-C nobody wants to wait, in milliseconds. What has not ended by then is ended by the keepers, after us. */
const LONGEST_END_MS = 2_000;
/** What a shell says of a program that Ctrl-C ended: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs the demo as the command line wants it, and answers with the exit code: 0 after its end, 1 when it could not go
 * on, 2 for wrong flags, 130 when it was interrupted. `ending` is aborted with an `Interrupted` by Ctrl-C and its like.
 */
export async function runFromCommandLine(
  argv: readonly string[],
  demo: (ending: AbortController, options: { readonly stays: boolean }) => Promise<void>,
): Promise<number> {
  let flags: { exit?: boolean; help?: boolean };
  try {
    flags = parseArgs({ args: [...argv], options: { exit: { type: 'boolean' }, help: { type: 'boolean' } } }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return EXIT.usage;
  }
  if (flags.help === true) {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  try {
    await demo(endingBySignal(), { stays: flags.exit !== true });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    if (!(error instanceof DemoFailed) && !(error instanceof KubeError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    return EXIT.failed;
  }
}

/** A second signal changes nothing: npm passes on to us what the terminal sent to us already. */
function endingBySignal(): AbortController {
  const ending = new AbortController();
  const interrupt = (): void => ending.abort(new Interrupted());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  // Nobody reads any more: "npm run demo | head", or the terminal is gone.
  process.stdout.on('error', interrupt);
  ending.signal.addEventListener('abort', () => {
    setTimeout(() => process.exit(INTERRUPTED), LONGEST_END_MS).unref();
  });
  return ending;
}
