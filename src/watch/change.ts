/** What names one state of one object: taken from `metadata`, never from the rest of the object. */
export interface ObjectHead {
  /** Empty for an object of a cluster-scoped kind. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export type ChangeType = 'add' | 'update' | 'delete';

/** What happened to one object of a stream. */
export interface Change {
  readonly type: ChangeType;
  readonly object: ObjectHead;
  /**
   * The object's JSON as the API server wrote it (for a delete: its last state). Undefined for a delete that was
   * found by comparison, where only the head is known.
   */
  readonly body: Buffer | undefined;
  /**
   * For a delete: the last resourceVersion that was known before it. It names the delete, because a delete that was
   * seen has a version of its own while one found by comparison has none.
   */
  readonly versionBefore: string | undefined;
  /** `list`: found by comparing a list with the known objects, after the server's history had a gap. */
  readonly foundBy: 'watch' | 'list';
}
