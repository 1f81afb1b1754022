/** What a process has cost, as Linux counts it (proc(5)); nothing is known elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';

/** Seconds that all its threads were on a core, to the nanosecond. */
export function cpuSeconds(pid: number): number | undefined {
  return unlessAbsent(() => {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanoseconds = threads.map((thread) => {
      const [onCore = ''] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(
        ' ',
      );
      return Number(onCore);
    });
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9;
  });
}

/** Resident memory in MiB. */
export function residentMiB(pid: number): number | undefined {
  return unlessAbsent(() => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    return kibibytes === undefined ? undefined : Math.round(Number(kibibytes) / 102.4) / 10;
  });
}

/** The file isn't there on other systems, or no more. */
function unlessAbsent(read: () => number | undefined): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
