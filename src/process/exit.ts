/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** Something failed that was not the user's input; the log or stderr says what. */
  failed: 1,
  /** The configuration or the command line is wrong; stderr says what, all of it. */
  usage: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
