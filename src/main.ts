#!/usr/bin/env node
import { EXIT } from './process/exit.ts';
import { VERSION } from './process/version.ts';

type Command = (argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal) => Promise<number>;

/** Only the command that runs is loaded: each has libraries of its own, and they take memory. */
const COMMANDS: ReadonlyMap<string, { readonly load: () => Promise<Command>; readonly about: string }> = new Map([
  [
    'adapter',
    {
      load: async () => (await import('./commands/adapter.ts')).adapter,
      about: 'watch the API server and send CloudEvents, for one ApiServerSource',
    },
  ],
  [
    'event-display',
    {
      load: async () => (await import('./commands/event-display.ts')).eventDisplay,
      about: 'receive CloudEvents and print them',
    },
  ],
]);

const HELP = `watchbridge ${VERSION}: the bridge from the Kubernetes API server to CloudEvents

Usage: watchbridge COMMAND [--help]

${[...COMMANDS].map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`).join('\n')}
`;

async function main(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = argv;
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  if (name === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return EXIT.ok;
  }
  const command = COMMANDS.get(name);
  if (command === undefined) {
    process.stderr.write(`There is no command "${name}".\n\n${HELP}`);
    return EXIT.usage;
  }
  const run = await command.load();
  return await run(rest, process.env, stopSignal());
}

/** The first SIGTERM or SIGINT asks for an orderly stop; a second one means now. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.failed);
    stop.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stop.signal;
}

process.exit(await main(process.argv.slice(2)));
