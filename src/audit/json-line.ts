// The format `json`: our own event, one JSON object a line.
import type { Identity } from '../identity/identity.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { AuditEntry } from './event.ts';
import { escapeActing } from './safe-text.ts';

// A token that is remembered has the same frozen identity at each check.
const identityText = rememberByObject((identity: Identity) =>
  escapeActing(JSON.stringify(identity)),
);

/** One line. What JSON leaves as it is but a terminal or a line reader would act on is escaped. */
export function toJsonLine({ event }: AuditEntry): string {
  const { inbound, outbound, durationMs } = event;
  const head = escapeActing(
    JSON.stringify({ ...event, inbound: undefined, outbound: undefined, durationMs: undefined }),
  );
  const who = inbound === undefined ? '' : `,"inbound":${identityText(inbound)}`;
  const asWhom = outbound === undefined ? '' : `,"outbound":${identityText(outbound)}`;
  return `${head.slice(0, -1)}${who}${asWhom},"durationMs":${durationMs}}\n`;
}
