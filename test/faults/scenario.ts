import type { Body } from '../support/admin.ts';
import type { Allowed } from './judge.ts';
import type { Scene } from './scene.ts';

/** One fault, or a run of faults, and what it may cost. */
export interface Scenario {
  readonly name: string;
  /** Of the fault matrix in docs/faults.md. */
  readonly rows: readonly string[];
  /** What happens, in a sentence. */
  readonly what: string;
  /** Part of the short run. */
  readonly quick?: true;
  /** It stops or freezes the API server, so nothing else may run beside it. */
  readonly alone?: true;
  readonly allowed: Allowed;
  /** The most memory the adapter may have had resident, in MiB. Default: {@link USUAL_MIB}. */
  readonly mostMiB?: number;
  /** How long it may take, once the fault is over, until everything is told, in seconds. Default: 75 (promise D11). */
  readonly catchUpS?: number;
  readonly content?: (revision: number) => Body;
  /** Acts; at its end nothing is broken any more, and nothing is written. */
  readonly play: (scene: Scene) => Promise<void>;
}

/** The process itself takes about 110 MiB, its buffer 8 MiB, and V8 collects when it likes. */
export const USUAL_MIB = 250;
/**
 * After a crash (promise D6): what was on the wire, 128 events, and what was acknowledged since the position that is
 * stored: that is done every 5 s, and may take 2 s.
 */
export const AFTER_A_CRASH = 128 + 7 * 100;

/**
 * After a crash and a gap: what was told in the last second or two before the crash is not stored, and the moments at
 * which the history is looked at are a few changes apart. What came and went between two of them is not found, and the
 * end of what changed between two of them is told under the id of the version that one of them showed.
 */
export const AFTER_A_CRASH_AND_A_GAP = {
  between: true,
  sameId: AFTER_A_CRASH,
  lostDeletes: 5,
  otherId: 15,
  disorder: 15,
  gaps: [0, 1],
} satisfies Allowed;
