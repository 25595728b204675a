import type { Admin } from './admin.ts';
import { eventually } from './eventually.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** A condition of this type and status and, where it says so, with this reason. */
export interface Wanted {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
}

/** Of the object with this path. */
export async function conditionsAt(admin: Admin, path: string): Promise<readonly Condition[]> {
  const { status } = await admin.get(path);
  return (status as { readonly conditions?: readonly Condition[] } | undefined)?.conditions ?? [];
}

/** Waits until the object with this path has the condition. @param log the last entries are told where it does not come */
export async function conditionReached(
  admin: Admin,
  path: string,
  { type, status, reason }: Wanted,
  log: readonly unknown[] = [],
): Promise<Condition> {
  let last: readonly Condition[] = [];
  return await eventually(
    () =>
      `${path}: ${type} ${status} ${reason ?? ''}: ${JSON.stringify(last, null, 1)} ${JSON.stringify(log.slice(-5))}`,
    async () => {
      last = await conditionsAt(admin, path);
      return last.find(
        (it) => it.type === type && it.status === status && (reason === undefined || it.reason === reason),
      );
    },
  );
}
