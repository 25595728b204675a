import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, AdminError, type Body, type KubeObject } from './admin.ts';

/** One state that an object had, or its end. */
export type State =
  | { readonly is: 'present'; readonly uid: string; readonly resourceVersion: string }
  | { readonly is: 'gone'; readonly uid: string };

/** The states of every object in the order they came about: by `namespace/name`, across objects of the same name. */
export type Truth = ReadonlyMap<string, readonly State[]>;

/**
 * Writes objects of one collection and keeps what the API server answered. A write whose outcome is not known, because
 * the server died, is repeated and looked up until it is. Calls for one name must not overlap.
 */
export interface Writer {
  readonly truth: Truth;
  create(name: string): Promise<void>;
  /** Gives the object content that it did not have before. */
  update(name: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** Takes down that somebody else ended the object. */
  noteGone(name: string): void;
}

/**
 * @param collection the path of the collection, with the namespace of its objects if they have one
 * @param content what an object has beside its name, for each of its states; the revision never repeats
 */
export function createWriter(
  admin: Admin,
  collection: string,
  content: (revision: number) => Body = (revision) => ({ data: { revision: String(revision) } }),
): Writer {
  const truth = new Map<string, State[]>();
  const namespace = /\/namespaces\/([^/]+)\//.exec(collection)?.[1] ?? '';
  let revisions = 0;

  const note = (name: string, state: State): void => {
    const key = `${namespace}/${name}`;
    const states = truth.get(key);
    if (states === undefined) truth.set(key, [state]);
    else states.push(state);
  };
  const present = (object: KubeObject): void => {
    const { name, uid = '', resourceVersion = '' } = object.metadata;
    note(name, { is: 'present', uid, resourceVersion });
  };

  const gone = (name: string): void => {
    note(name, { is: 'gone', uid: truth.get(`${namespace}/${name}`)?.at(-1)?.uid ?? '' });
  };

  return {
    truth,
    noteGone: gone,
    create: async (name) => {
      const { metadata, ...rest } = content(revisions++);
      const body = { ...rest, metadata: { ...(metadata as object | undefined), name } };
      present(
        await untilAnswered((repeated) =>
          admin.create(collection, body).catch((error: unknown) => {
            if (repeated && isRefusal(error, 409)) return admin.get(`${collection}/${name}`);
            throw error;
          }),
        ),
      );
    },
    update: async (name) => {
      const body = content(revisions++);
      // Repeating a patch that was applied changes nothing, and answers with the version that it made.
      present(await untilAnswered(() => admin.patch(`${collection}/${name}`, body)));
    },
    delete: async (name) => {
      await untilAnswered((repeated) =>
        admin.delete(`${collection}/${name}`).catch((error: unknown) => {
          if (!(repeated && isRefusal(error, 404))) throw error;
        }),
      );
      gone(name);
    },
  };
}

/** How many changes the truth has. */
export function changesIn(truth: Truth): number {
  return [...truth.values()].reduce((sum, states) => sum + states.length, 0);
}

const REPEAT_MS = 50;

async function untilAnswered<T>(attempt: (repeated: boolean) => Promise<T>): Promise<T> {
  for (let attempts = 0; ; attempts++) {
    try {
      return await attempt(attempts > 0);
    } catch (error) {
      if (error instanceof AdminError && error.status < 500 && error.status !== 429) throw error;
      await delay(REPEAT_MS);
    }
  }
}

function isRefusal(error: unknown, status: number): boolean {
  return error instanceof AdminError && error.status === status;
}
