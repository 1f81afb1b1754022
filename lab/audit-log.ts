/** Reads kube-apiserver's audit log: the API server's own word on who a request was. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const userInfo = z.object({
  username: z.string().optional(),
  uid: z.string().optional(),
  groups: z.array(z.string()).optional(),
  extra: z.record(z.string(), z.array(z.string())).optional(),
});

const auditEvent = z.object({
  auditID: z.string(),
  stage: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  user: userInfo,
  impersonatedUser: userInfo.optional(),
  sourceIPs: z.array(z.string()).optional(),
  userAgent: z.string().optional(),
  responseStatus: z
    .object({ code: z.number().optional(), message: z.string().optional() })
    .optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** The fields of an audit.k8s.io/v1 Event that tell who asked for what. */
export type KubeAuditEvent = z.infer<typeof auditEvent>;

/** Every event of the log so far, oldest first; a line still being written is left out. */
export function readAudit(file: string): readonly KubeAuditEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => auditEvent.parse(JSON.parse(line)));
}
