import type { Outcome } from '../outcome.ts';
import { createFifo } from '../fifo.ts';
import { type Connection, type ConnectionOptions, openConnection } from './connection.ts';
import { noAnswer } from './failure.ts';

/** Requests over few connections that are kept open. */
export interface Connections {
  /** Sends one request as soon as a connection is free. `done` is called exactly once. */
  send(head: string, body: Uint8Array, done: (outcome: Outcome) => void): void;
  /** Ends all connections; requests under way, waiting or made later fail as `reset`. */
  close(): void;
}

interface Waiting {
  readonly head: string;
  readonly body: Uint8Array;
  readonly done: (outcome: Outcome) => void;
}

interface Idle {
  readonly connection: Connection;
  /** At which {@link TICK_MS} it is closed. */
  readonly until: number;
}

/** Idle connections are looked at together: a timer for each, and for each rest of it, would cost more than the rest. */
const TICK_MS = 500;

/** @param most how many connections may be open at once */
export function createConnections(most: number, options: ConnectionOptions): Connections {
  const open = new Set<Connection>();
  /** The one used last is used next, so that those which are too many become idle long enough to be closed. */
  const idle: Idle[] = [];
  const waiting = createFifo<Waiting>();
  let closed = false;
  let ticks = 0;
  let ticking: NodeJS.Timeout | undefined;

  const tick = (): void => {
    ticks++;
    for (const { connection } of idle.filter(({ until }) => until <= ticks)) connection.close();
    if (idle.length === 0) stopTicking();
  };
  const stopTicking = (): void => {
    clearInterval(ticking);
    ticking = undefined;
  };

  const owner = {
    idle(connection: Connection, keptMs: number) {
      const next = waiting.shift();
      if (next === undefined) {
        idle.push({ connection, until: ticks + Math.floor(keptMs / TICK_MS) });
        ticking ??= setInterval(tick, TICK_MS);
      } else connection.send(next.head, next.body, next.done);
    },
    closed(connection: Connection) {
      open.delete(connection);
      const at = idle.findIndex((it) => it.connection === connection);
      if (at >= 0) idle.splice(at, 1);
      const next = closed ? undefined : waiting.shift();
      if (next !== undefined) onNew(next);
    },
  };

  const onNew = ({ head, body, done }: Waiting): void => {
    const connection = openConnection(options, owner);
    open.add(connection);
    connection.send(head, body, done);
  };

  return {
    send(head, body, done) {
      const free = idle.pop()?.connection;
      if (closed) done(noAnswer());
      else if (free !== undefined) free.send(head, body, done);
      else if (open.size < most) onNew({ head, body, done });
      else waiting.push({ head, body, done });
    },
    close() {
      closed = true;
      stopTicking();
      for (const connection of open) connection.close();
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next.done(noAnswer());
    },
  };
}
