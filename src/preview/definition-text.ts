import { readFileSync } from 'node:fs';

/** The CRD of ApiServerSource as YAML. The bundle has the text itself in place of this module (scripts/build.ts). */
export const DEFINITION_TEXT: string = readFileSync(
  new URL('../../manifests/crds/apiserversources.yaml', import.meta.url),
  'utf8',
);
