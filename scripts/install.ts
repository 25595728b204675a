// Writes dist/install.yaml: everything of manifests/ and rbac/ in one file, for "kubectl apply -f dist/install.yaml".
// The image that controller and adapters run is the argument: node scripts/install.ts example.com/watchbridge:0.1.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageProblem, installText } from './install-text.ts';
import { MANIFESTS, readKustomization } from './manifests.ts';

const [image] = process.argv.slice(2);
const problem = imageProblem(image);
if (problem === undefined && image !== undefined) {
  const dist = join(import.meta.dirname, '..', 'dist');
  mkdirSync(dist, { recursive: true });
  const file = join(dist, 'install.yaml');
  writeFileSync(file, installText(readKustomization(MANIFESTS), image));
  process.stdout.write(`${file}\n`);
} else {
  process.stderr.write(`${problem} Name the image to run: node scripts/install.ts example.com/watchbridge:0.1.0\n`);
  process.exitCode = 2;
}
