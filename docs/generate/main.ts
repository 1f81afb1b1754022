// `npm run docs`: makes the tables of docs/configuration.md and docs/doctor.md anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withRuleTables } from './rule-tables.ts';
import { withTables } from './tables.ts';

const documents = { 'configuration.md': withTables, 'doctor.md': withRuleTables };

for (const [name, renew] of Object.entries(documents)) {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
  writeFileSync(file, await renew(readFileSync(file, 'utf8'), file));
}
