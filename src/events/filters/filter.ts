import type { ErrorKind } from '../cesql/value.ts';
import type { CloudEvent } from '../cloud-event.ts';

/** Where in the filters something is: indexes, dialects and attributes, as in `[0].any[1].exact.type`. */
export type FilterPath = readonly (string | number)[];

/** What is wrong with filters: what was expected there, a clause without a full stop. */
export interface FilterProblem {
  readonly path: FilterPath;
  readonly message: string;
}

/** Why a CESQL expression came to nothing; it then does not match. */
export interface Trouble {
  readonly kind: ErrorKind | 'notBoolean';
  readonly path: FilterPath;
  readonly sentence: string;
}

/** One element of `filters`: whether it matches. Adds to `troubles` what it meets. */
export type Filter = (event: CloudEvent, troubles: Trouble[]) => boolean;
