// Finds one decision in an audit file, which is read as a stream: it may be larger than memory.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** The fields of an audit line that are told; a line of another version may lack some. */
export type PastEvent = Readonly<Record<string, unknown>>;

export interface Search {
  readonly event?: PastEvent;
  /** How many lines were no JSON objects. */
  readonly unreadable: number;
}

/** The last line with that audit ID. Rejects when the file can't be read. */
export async function findEvent(file: string, auditID: string): Promise<Search> {
  let event: PastEvent | undefined;
  let unreadable = 0;
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  for await (const line of lines) {
    if (line.trim() === '') continue;
    if (!line.startsWith('{')) unreadable += 1;
    if (!line.includes(auditID)) continue;
    const found = parseLine(line);
    if (found?.['auditID'] === auditID) event = found;
  }
  return { unreadable, ...(event && { event }) };
}

/** A line may have been cut off when the disk was full. */
function parseLine(line: string): PastEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return { ...value };
  } catch {
    return undefined;
  }
}
