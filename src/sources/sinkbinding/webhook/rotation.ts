/** From when to when a certificate holds, in milliseconds since the epoch. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The certificates that there are. */
export interface Held {
  /** All of them are trusted. Oldest first. */
  readonly authorities: readonly Validity[];
  /** Undefined: there is none that could be used. */
  readonly server: (Validity & { readonly names: readonly string[]; readonly authority: number }) | undefined;
}

export type Step =
  | { readonly is: 'makeAuthority' }
  /** It has expired. */
  | { readonly is: 'dropAuthority'; readonly authority: number }
  /** By the authority of this number. */
  | { readonly is: 'signServer'; readonly authority: number }
  | { readonly is: 'wait'; readonly ms: number };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** An authority is followed by another one this long before it ends: longer than any server certificate holds. */
const AUTHORITY_AHEAD_MS = 90 * DAY_MS;
const SERVER_AHEAD_MS = 10 * DAY_MS;
/** How long an authority is trusted before it signs: until every API server has heard of it. */
export const TRUSTED_FIRST_MS = DAY_MS;
/** Nothing here is urgent by the minute. */
const LONGEST_WAIT_MS = HOUR_MS;

/**
 * What is to be done next so that, at every moment, whoever trusts the authorities of a day ago or of now can check the
 * server certificate of now or of a day ago: an authority is trusted before it signs, and until what it signed has
 * ended.
 */
export function nextStep({ authorities, server }: Held, names: readonly string[], now: number): Step {
  const expired = authorities.findIndex(({ notAfter }) => notAfter <= now);
  if (expired >= 0) return { is: 'dropAuthority', authority: expired };
  const newest = authorities.at(-1);
  if (newest === undefined || newest.notAfter - now < AUTHORITY_AHEAD_MS) return { is: 'makeAuthority' };
  const known = authorities.findLastIndex(({ notBefore }) => now - notBefore >= TRUSTED_FIRST_MS);
  // Where all are new, it is the oldest that was heard of first.
  const authority = Math.max(known, 0);
  const isGood =
    server !== undefined &&
    server.notAfter - now >= SERVER_AHEAD_MS &&
    server.authority >= authority &&
    sameNames(server.names, names);
  return isGood ? { is: 'wait', ms: LONGEST_WAIT_MS } : { is: 'signServer', authority };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && b.every((name) => a.includes(name));
}
