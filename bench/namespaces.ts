import { parseArgs } from 'node:util';
import { measureNamespaces } from '../test/support/many-namespaces.ts';
import type { Scope } from '../test/support/scope.ts';

const HELP = `node bench/namespaces.ts [--namespaces N]

What a source with a namespaceSelector costs an API server that has N namespaces
(default: 1000), half of which match, counted by that server; and how soon a
namespace's label takes effect.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { namespaces: { type: 'string', default: '1000' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const ends: (() => unknown)[] = [];
  const scope: Scope = { after: (end) => ends.push(end), diagnostic: (line) => process.stderr.write(`${line}\n`) };
  try {
    const cost = await measureNamespaces(scope, Number(values.namespaces));
    for (const [what, number] of Object.entries(cost)) process.stdout.write(`${what}: ${Math.round(number)}\n`);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

await main();
