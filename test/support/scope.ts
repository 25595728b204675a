/** What things that a test starts live as long as: the context of a node:test is one, and so is a scenario. */
export interface Scope {
  /** Has `end` run at the end, the last one first. */
  after(end: () => unknown): void;
  diagnostic(message: string): void;
}
