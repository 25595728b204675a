/**
 * Loaded before every test file (`--import`). A file whose tests are over ends by itself, unless one that failed left
 * something open: that would keep the whole run from its end, and from saying what failed.
 */

/** Of one file, in milliseconds; all files together take 10 to 20 minutes. */
const LIMIT_MS = 900_000;

// The runner itself, which runs all files, has no context.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`This file has not ended after ${LIMIT_MS / 60_000} minutes. What is open: ${open}\n`);
    process.exit(1);
  }, LIMIT_MS).unref();
}
