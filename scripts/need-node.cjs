// Runs first in every npm script, under whatever Node the machine has: a Node too old to read the
// sources would otherwise answer with a syntax error.
const needed = 24;
const found = Number(process.versions.node.split('.')[0]);
if (found < needed) {
  process.stderr.write(
    `watchbridge needs Node.js ${needed} or newer, but this script runs under ${process.version} (${process.execPath}).\n` +
      `npm installs a suitable Node from the optional dependencies on Linux (x64, arm64) and macOS (arm64): run\n` +
      `"npm ci" without --omit=optional. On ${process.platform} ${process.arch} install Node.js ${needed} from https://nodejs.org.\n`,
  );
  process.exit(1);
}
