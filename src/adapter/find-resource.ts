import type { createDiscovery } from '../kube/discovery.ts';
import { KubeError } from '../kube/errors.ts';
import type { Resource } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { ResourceConfig } from './source-config.ts';
import type { StreamBoard } from './stream-board.ts';

export interface Finder {
  readonly discovery: ReturnType<typeof createDiscovery>;
  readonly board: StreamBoard;
  readonly clock: Clock;
  readonly log: Log;
}

/** A custom resource may be installed after the source; asking costs one small request. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

export interface FoundResource extends Resource {
  /** The API server did not have it when it was first asked, so that every object of it is a new one. */
  readonly appeared: boolean;
}

/** What keeps a resource from being watched, as a sentence; `absent`: the API server does not have it. */
interface Obstacle {
  readonly why: string;
  readonly absent: boolean;
}

/**
 * Asks the API server for a resource until it serves it, so that one absent kind neither ends the process nor keeps
 * the others from being watched. Undefined when `signal` is aborted first. One that `mayBeAbsent` is waited for in
 * silence.
 */
export async function findResource(
  gvr: ResourceConfig['gvr'],
  finder: Finder,
  signal: AbortSignal,
  presence: 'expected' | 'mayBeAbsent' = 'expected',
): Promise<FoundResource | undefined> {
  const groupVersion = { group: gvr.Group, version: gvr.Version };
  const name = resourceName(gvr);
  let appeared = false;
  for (let tries = 0; !signal.aborted; tries++) {
    const answer = await look(groupVersion, gvr.Resource, finder, signal);
    if (signal.aborted) break;
    if ('plural' in answer) {
      finder.board.clear(name);
      return { ...answer, appeared };
    }
    const { why } = answer;
    appeared ||= answer.absent;
    const told = presence === 'expected' || !answer.absent;
    if (told) finder.board.set(name, { is: 'failing', why });
    else finder.board.clear(name);
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries, 8), LONGEST_WAIT_MS);
    if (told) finder.log.warn({ resource: name, waitMs, detail: why }, 'resource cannot be watched yet');
    await finder.clock.sleep(waitMs, signal);
    finder.discovery.forget(groupVersion);
  }
  return undefined;
}

/** As kubectl writes it: `deployments.v1.apps`. */
export function resourceName(gvr: ResourceConfig['gvr']): string {
  return [gvr.Resource, gvr.Version, gvr.Group].filter((part) => part !== '').join('.');
}

async function look(
  groupVersion: { group: string; version: string },
  plural: string,
  finder: Finder,
  signal: AbortSignal,
): Promise<Resource | Obstacle> {
  try {
    const found = await finder.discovery.find(groupVersion, { plural }, signal);
    const apiVersion =
      groupVersion.group === '' ? groupVersion.version : `${groupVersion.group}/${groupVersion.version}`;
    switch (found.is) {
      case 'found':
        return found.resource;
      case 'noGroupVersion':
        return absent(`The API server does not serve ${apiVersion}; install what defines it, or correct apiVersion.`);
      case 'noResource':
        return absent(`The API server has no ${plural} in ${apiVersion}; it has ${few(found.near)}.`);
      case 'notWatchable':
        return present(`${plural} in ${apiVersion} cannot be watched: it lacks ${found.missingVerbs.join(' and ')}.`);
    }
  } catch (error) {
    if (error instanceof KubeError) return present(error.message);
    throw error;
  }
}

function few(names: readonly string[]): string {
  return names.length === 0 ? 'nothing there' : names.slice(0, 5).join(', ');
}

function absent(why: string): Obstacle {
  return { why, absent: true };
}

function present(why: string): Obstacle {
  return { why, absent: false };
}
