import { availableParallelism, cpus, loadavg, release } from 'node:os';

/** What a number was measured on, in a line. */
export function machineLine(): string {
  const cores = `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`;
  return `machine   ${cores}, Linux ${release()}, Node.js ${process.version}, load ${loadNow()}`;
}

/** The load average of the last minute (proc(5), loadavg): more than the cores means that others worked too. */
export function loadNow(): string {
  return loadavg()[0]?.toFixed(2) ?? 'unknown';
}
