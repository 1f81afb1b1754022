/** Our own audit log as far as it tells who asked, and as which account it was done. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const user = z.object({ username: z.string(), groups: z.array(z.string()) });

const line = z.object({
  auditID: z.string(),
  uri: z.string(),
  issuer: z.string(),
  decision: z.enum(['allow', 'deny']),
  actAs: z.string(),
  inbound: user.optional(),
  outbound: user.optional(),
});

/** Every line so far, oldest first. */
export function readAccountLines(file: string): readonly z.infer<typeof line>[] {
  const texts = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return texts.map((text) => line.parse(JSON.parse(text)));
}
