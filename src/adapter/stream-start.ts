import type { StreamMemory } from '../checkpoint/stream-memory.ts';
import { compareVersions } from '../kube/resource-version.ts';
import type { KnownObjects } from '../watch/known-objects.ts';
import { affordableMoments } from '../watch/moments.ts';
import { type Active, FIRST, relearned, resumed } from '../watch/watch-state.ts';

type Memory = Pick<StreamMemory, 'known' | 'ledger' | 'uncertain'>;

/**
 * Where a stream begins with what an earlier life left.
 * @param needs `sees`: conditions have to see the objects as they were at the position; `indexed`: an index was stored,
 * so where it does not say what existed there, something of it is lost
 */
export function begin(
  { ledger, known, uncertain }: Memory,
  needs: { readonly sees: boolean; readonly indexed: boolean },
): Active {
  const position = ledger.position();
  if (position === undefined) return FIRST;
  const { complete, ...place } = position;
  const retrace =
    uncertain && complete ? { told: newest(place, known), most: affordableMoments(known.size) } : undefined;
  const learns = needs.sees || (needs.indexed && !complete);
  return learns ? relearned(place, complete, retrace) : resumed(place, complete, retrace);
}

/**
 * Where it begins when a resource is back that was not served. Whoever removes a resource removes its objects: what is
 * listed then is compared with those known.
 */
export function beginAgain({ ledger, known }: Memory): Active {
  const position = ledger.position();
  const knowsAll = position?.complete ?? true;
  if (position === undefined || (knowsAll && known.size === 0)) return { ...FIRST, epoch: position?.epoch ?? 0 };
  const { resourceVersion: since, epoch } = position;
  return { ...FIRST, why: 'expired', since, epoch, knowsAll };
}

/** The newest version of what is known to be settled. */
function newest({ resourceVersion }: { readonly resourceVersion: string }, known: KnownObjects): string {
  let found = resourceVersion;
  for (const { resourceVersion: version } of known.all())
    if ((compareVersions(version, found) ?? 0) > 0) found = version;
  return found;
}
