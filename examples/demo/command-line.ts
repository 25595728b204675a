import { parseArgs } from 'node:util';
import { KubeError } from '../../src/kube/errors.ts';
import { EXIT } from '../../src/process/exit.ts';
import { DemoFailed, Interrupted } from './failures.ts';
import { type Images, readImages } from './images.ts';

const HELP = `Usage: npm run demo [-- [--exit] [--image NAME=FOLDER]...]

Starts a Kubernetes control plane on this machine, installs Watchbridge there with
an ApiServerSource, changes some objects and shows the events of that. Then it
stays and shows the events of whatever you change, until Ctrl-C.

  --exit               end after the demo's own changes
  --image NAME=FOLDER  run Pods of this image, too: their arguments are those of
                       Node.js in the folder, such as my-source:latest=../my-source;
                       may be given several times
  -h, --help           this text
`;
/** After Ctrl-C nobody wants to wait, in milliseconds. What has not ended by then is ended by the keepers, after us. */
const LONGEST_END_MS = 2_000;
/** What a shell says of a program that Ctrl-C ended: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

export interface DemoOptions {
  /** Whether it goes on after its own changes, until the user ends it. */
  readonly stays: boolean;
  readonly images: Images;
}

const FLAGS = {
  exit: { type: 'boolean', default: false },
  image: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * Runs the demo as the command line wants it, and answers with the exit code: 0 after its end, 1 when it could not go
 * on, 2 for wrong flags, 130 when it was interrupted. `ending` is aborted with an `Interrupted` by Ctrl-C and its like.
 */
export async function runFromCommandLine(
  argv: readonly string[],
  demo: (ending: AbortController, options: DemoOptions) => Promise<void>,
): Promise<number> {
  const flags = readFlags(argv);
  if (flags.is === 'help') {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  if (flags.is === 'wrong') {
    process.stderr.write(`${flags.problems.join('\n')}\nSee npm run demo -- --help.\n`);
    return EXIT.usage;
  }
  try {
    await demo(endingBySignal(), flags);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    if (!(error instanceof DemoFailed) && !(error instanceof KubeError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    return EXIT.failed;
  }
}

function readFlags(
  argv: readonly string[],
):
  | ({ readonly is: 'run' } & DemoOptions)
  | { readonly is: 'help' }
  | { readonly is: 'wrong'; readonly problems: readonly string[] } {
  try {
    const { values } = parseArgs({ args: [...argv], options: FLAGS });
    if (values.help) return { is: 'help' };
    // npm runs scripts in the project's folder; this is where the user is.
    const read = readImages(values.image ?? [], process.env['INIT_CWD'] ?? process.cwd());
    if ('problems' in read) return { is: 'wrong', problems: read.problems };
    return { is: 'run', stays: !values.exit, images: read.images };
  } catch (error) {
    // The rest of parseArgs' message is advice for other command lines.
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(/[.\n]/);
    return { is: 'wrong', problems: [`${sentence}.`] };
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
