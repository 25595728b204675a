import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import type { Row } from '../../support/kubectl-table.ts';
import { table } from '../kubectl.ts';

/** Where all sources of seed 004 send to. Upstream's of that time ended it with a slash. */
export const SINK = 'http://event-display.default.svc.cluster.local';

/** The row of a source or binding in `default` once it is ready, without its age, which is checked to be one. */
export async function readyRow(kind: string, name: string): Promise<{ headers: readonly string[]; row: Row }> {
  let last = '';
  return await eventually(
    () => `${kind} ${name} is ready: ${last}`,
    async () => {
      const { headers, rows } = await table('default', kind);
      last = JSON.stringify(rows);
      const found = rows.find(({ NAME, READY }) => NAME === name && READY === 'True');
      if (found === undefined) return undefined;
      const { AGE = '', ...row } = found;
      assert.match(AGE, /^(\d+[ms])+$/);
      return { headers, row };
    },
  );
}
