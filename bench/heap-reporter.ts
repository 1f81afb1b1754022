/** Preloaded into a server: at each SIGUSR2 it collects the garbage and writes what memory is left to the file that MEMORY_REPORT names. */
import { renameSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const file = process.env['MEMORY_REPORT'] ?? '';
/** What one collection lets go of may hold more that the next one finds. */
const collections = 5;

process.on('SIGUSR2', () => void report());

async function report(): Promise<void> {
  for (let one = 0; one < collections; one += 1) {
    collect();
    await turn();
  }
  writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()));
  renameSync(`${file}.new`, file);
}
