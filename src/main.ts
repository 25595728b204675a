#!/usr/bin/env node
import { EXIT } from './process/exit.ts';
import { flushed } from './process/flushed.ts';
import { stopSignal } from './process/stop-signal.ts';
import { VERSION } from './process/version.ts';

type Command = (argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal) => Promise<number>;

interface CommandEntry {
  readonly load: () => Promise<Command>;
  readonly about: string;
  /** What it prints is its work, so it ends when all of it is read. */
  readonly prints?: true;
}

/** Only the command that runs is loaded: each has libraries of its own, and they take memory. */
const COMMANDS: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  [
    'adapter',
    {
      load: async () => (await import('./commands/adapter.ts')).adapter,
      about: 'watch the API server and send CloudEvents, for one ApiServerSource',
    },
  ],
  [
    'controller',
    {
      load: async () => (await import('./commands/controller.ts')).controller,
      about: 'make and keep what the sources of a cluster want',
    },
  ],
  [
    'event-display',
    {
      load: async () => (await import('./commands/event-display.ts')).eventDisplay,
      about: 'receive CloudEvents and print them',
    },
  ],
  [
    'heartbeats',
    {
      load: async () => (await import('./commands/heartbeats.ts')).heartbeats,
      about: 'send a CloudEvent each period',
    },
  ],
  [
    'ping-adapter',
    {
      load: async () => (await import('./commands/ping-adapter.ts')).pingAdapter,
      about: 'send what the PingSources of a cluster want, when it is due',
    },
  ],
  [
    'preview',
    {
      load: async () => (await import('./commands/preview.ts')).preview,
      about: 'show what an ApiServerSource would send, and send nothing',
      prints: true,
    },
  ],
  [
    'rbac',
    {
      load: async () => (await import('./commands/rbac.ts')).rbac,
      about: 'print the rights that an ApiServerSource needs',
      prints: true,
    },
  ],
  [
    'validate',
    {
      load: async () => (await import('./commands/validate.ts')).validate,
      about: 'say what is wrong with manifests of ApiServerSources',
      prints: true,
    },
  ],
  [
    'webhook',
    {
      load: async () => (await import('./commands/webhook.ts')).webhook,
      about: 'tell new objects the sink that a SinkBinding binds them to',
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
  const code = await run(
    rest,
    process.env,
    stopSignal(() => process.exit(EXIT.failed)),
  );
  if (command.prints === true) await Promise.all([process.stdout, process.stderr].map(flushed));
  return code;
}

process.exit(await main(process.argv.slice(2)));
