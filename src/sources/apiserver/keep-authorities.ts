import type { Log } from '../../process/log.ts';
import type { Informer } from '../../reconcile/informer.ts';
import { readTrustBundles, type TrustBundle } from './trust-bundles.ts';

/** What the trust bundles hold, as {@link readTrustBundles} has it; read anew when one changes. */
export function keepAuthorities(bundles: Pick<Informer<TrustBundle>, 'list' | 'subscribe'>, log: Log): () => string {
  let known: string | undefined;
  bundles.subscribe(() => {
    known = undefined;
  });
  return () => {
    if (known === undefined) {
      const { pem, problems } = readTrustBundles(bundles.list());
      for (const detail of problems) log.warn({ detail }, 'trust bundle cannot be read');
      known = pem;
    }
    return known;
  };
}
