// Where the audit lines go.
import { z } from 'zod';

const sinkSchema = z.strictObject({
  format: z
    .enum(['json', 'kube-oidc-proxy', 'audit.k8s.io'])
    .describe(
      'Required. The form of its lines: `json` is our own, with every field; `kube-oidc-proxy` is the access log of that program; `audit.k8s.io` is an Event as kube-apiserver writes it.',
    ),
  path: z
    .string()
    .min(1)
    .default('-')
    .describe(
      'The file or named pipe that lines are added to; `-` is standard output. A file may be rotated: it is opened anew within a second when another one has its name, and at SIGHUP.',
    ),
  queueBytes: z
    .int()
    .min(4_096)
    .max(1_073_741_824)
    .default(16_777_216)
    .describe(
      'How much may wait to be written, in bytes: what a crash can lose, and what a slow disk or reader may be behind.',
    ),
  onFull: z
    .enum(['block', 'drop'])
    .default('block')
    .describe(
      'What becomes of a check when so much waits. `block`: it is denied (`audit_unavailable`), since nothing is done without a line. `drop`: it goes on, its line is lost, and `kube_ext_authz_audit_dropped_total` counts it.',
    ),
});

/** `audit`. */
export const auditSchema = z
  .array(sinkSchema)
  .default([{ format: 'json', path: '-', queueBytes: 16_777_216, onFull: 'block' }])
  .describe('Where each check is written down, one line in each of them. `[]`: nowhere.');
