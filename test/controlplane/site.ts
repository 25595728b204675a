import type { Credentials } from './credentials.ts';
import type { Keeper } from './keeper.ts';
import type { Programs } from './programs/program.ts';

/** What the components of one control plane share. */
export interface Site {
  /** Holds their data, logs, keys and kubeconfigs. */
  readonly directory: string;
  readonly credentials: Credentials;
  readonly programs: Programs;
  readonly keeper: Keeper;
}
