import { createLog, type Log } from '../../src/process/log.ts';

/** A log whose entries can be read. */
export interface RecordedLog {
  readonly log: Log;
  /** Level and message: `error: checkpoint not written`. */
  readonly messages: readonly string[];
  readonly entries: readonly Readonly<Record<string, unknown>>[];
}

/** @param level the least important one that is kept */
export function recordedLog(level: 'debug' | 'info' = 'info'): RecordedLog {
  const entries: Record<string, unknown>[] = [];
  const messages: string[] = [];
  const write = (line: string): void => {
    const entry = JSON.parse(line) as Record<string, unknown>;
    entries.push(entry);
    messages.push(`${String(entry['level'])}: ${String(entry['msg'])}`);
  };
  return { log: createLog({ component: 'test', level, destination: { write } }), messages, entries };
}
