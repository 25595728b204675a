// Writes dist/sbom.cdx.json: what the bundle in dist/ was made of, from package-lock.json.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { bomOf, type LockFile } from './cyclonedx.ts';

const root = new URL('../', import.meta.url);
const lock = JSON.parse(await readFile(new URL('package-lock.json', root), 'utf8')) as LockFile;
const bom = bomOf(lock);
await mkdir(new URL('dist/', root), { recursive: true });
await writeFile(new URL('dist/sbom.cdx.json', root), `${JSON.stringify(bom, undefined, 2)}\n`);
process.stdout.write(`  dist/sbom.cdx.json  ${bom.components.length} packages\n`);
