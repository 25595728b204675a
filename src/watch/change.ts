/** What names one state of one object: taken from `metadata`, never from the rest of the object. */
export interface ObjectHead {
  /** Empty for an object of a cluster-scoped kind. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface ObjectVersion {
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
   * The state of the object that was known before; undefined where none was. It names a delete, because a delete that
   * was seen has a version of its own while one found by comparison has none.
   */
  readonly before: ObjectVersion | undefined;
  /**
   * `watch`: the server told it. `list`: the object was there when the stream began. `comparison`: a list differs
   * from what was known, after a gap in the history.
   */
  readonly foundBy: 'watch' | 'list' | 'comparison';
}
