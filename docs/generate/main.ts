// `npm run docs`: makes the tables of docs/configuration.md anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withTables } from './tables.ts';

const file = fileURLToPath(new URL('../configuration.md', import.meta.url));
writeFileSync(file, await withTables(readFileSync(file, 'utf8'), file));
