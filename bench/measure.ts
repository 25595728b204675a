import { readFileSync } from 'node:fs';

/** Linux counts a process's time in ticks of USER_HZ, which is 100 a second on every platform that Node runs on. */
const MICROSECONDS_A_TICK = 10_000;

/** Microseconds of a clock that runs evenly and is the same in every process of the machine. */
export function monotonicMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** User and system time that all threads of a process took so far (proc(5), stat fields 14 and 15), in microseconds. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_A_TICK;
}

/** Resident memory of a process in MB (10^6 bytes): what it takes and the most it ever took (proc(5), status). */
export function residentMegabytes(pid: number): { readonly current: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const field = (name: string) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  return { current: field('VmRSS'), peak: field('VmHWM') };
}

/** Reads a process's resident memory at once and then every 200 ms, until it is stopped or the process ends. */
export function sampleMemory(pid: number): { stop(): readonly number[] } {
  const samples = [residentMegabytes(pid).current];
  const sample = () => {
    try {
      samples.push(residentMegabytes(pid).current);
    } catch {
      // The process is gone; whoever started it reports that.
      clearInterval(timer);
    }
  };
  const timer = setInterval(sample, 200);
  return {
    stop() {
      clearInterval(timer);
      return samples;
    },
  };
}
