import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readImageSettings } from './image.ts';
import { NAMESPACE } from './objects.ts';
import type { Subject } from './round.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const BUNDLE = file('../dist/main.js');
const SOURCES = file('../src/main.ts');

const IMAGE = readImageSettings(readFileSync(file('../Dockerfile'), 'utf8'));

export const CHECKPOINTS = ['None', 'Position', 'Full'] as const;
export type Checkpoint = (typeof CHECKPOINTS)[number];

/**
 * A command of the program, run as the image runs it: the bundle is what runs in a cluster; without one, the sources as
 * they are.
 */
export function commandSubject(command: string): Subject {
  return {
    name: command,
    args: [...IMAGE.flags, existsSync(BUNDLE) ? BUNDLE : SOURCES, command],
    environment: { ...IMAGE.environment },
  };
}

export interface AdapterSpec {
  readonly plural?: string;
  readonly checkpoint?: Checkpoint;
  readonly filters?: readonly object[];
}

/** The adapter of one resource of the core group. */
export function adapterSubject(
  name: string,
  { plural = 'pods', checkpoint = 'None', filters = [] }: AdapterSpec = {},
): Subject {
  const { args, environment } = commandSubject('adapter');
  return {
    name,
    args,
    environment: {
      ...environment,
      NAME: 'bench',
      NAMESPACE,
      K_SOURCE_CONFIG: JSON.stringify({
        namespaces: [NAMESPACE],
        allNamespaces: false,
        resources: [{ gvr: { Group: '', Version: 'v1', Resource: plural } }],
        mode: 'Resource',
        checkpoint,
        filters,
      }),
      WATCHBRIDGE_PROBES_PORT: '0',
      WATCHBRIDGE_METRICS_PORT: '0',
    },
  };
}

/** Where the adapter comes from, with a warning when the bundle is not made of the sources as they are. */
export function originLine(): string {
  if (!existsSync(BUNDLE)) return `adapter   ${SOURCES} (there is no bundle)`;
  const built = statSync(BUNDLE).mtimeMs;
  const sources = readdirSync(dirname(SOURCES), { recursive: true, withFileTypes: true });
  const newer = sources.find((entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > built);
  const remark = newer === undefined ? '' : `, OLDER than ${join(newer.parentPath, newer.name)}: build it again`;
  return `adapter   ${BUNDLE}${remark}`;
}
