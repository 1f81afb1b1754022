// The file of `--config`. The descriptions become docs/configuration.md by `npm run docs`; one that
// begins with `Required.` marks its key so.
import { z } from 'zod';
import { auditSchema } from './audit-schema.ts';
import { extraSchema, impersonationSchema } from './impersonation-schema.ts';
import { ownJwtEntry } from './own-entry-schema.ts';
import { tokenRequestSchema } from './service-account-schema.ts';

const text = z.string();

const adminAddress = text.refine((address) => endsInPort(address, 0), {
  error: 'must be host:port, such as 127.0.0.1:9090 or :9090',
});
const grpcAddress = text.refine((address) => /^unix:./.test(address) || endsInPort(address, 1), {
  error: 'must be host:port, such as 127.0.0.1:9001, or unix:/path',
});

function endsInPort(address: string, leastHostLength: number): boolean {
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(address) ?? [];
  return port !== '' && host.length >= leastHostLength && Number(port) <= 65_535;
}

/** The file of `--config`. */
export const configurationSchema = z.strictObject({
  apiVersion: z
    .literal('kube-ext-authz.dev/v1alpha1')
    .describe('Required. The version of the file.'),
  kind: z.literal('Configuration').describe('Required. What the file is.'),
  grpc: z
    .strictObject({
      address: grpcAddress
        .default('127.0.0.1:9001')
        .describe('Where it listens: `host:port`, or `unix:/path` for a Unix socket.'),
      drainPeriod: text
        .default('5s')
        .describe(
          'How long health says NOT_SERVING before the server stops taking checks, a duration: longer than two health checks of Envoy.',
        ),
      tls: z
        .strictObject({
          certFile: text.describe('Required. The PEM certificate of the server, with its chain.'),
          keyFile: text.describe('Required. Its PEM private key.'),
          clientCAFile: text
            .optional()
            .describe(
              'PEM certificates. When set, Envoy must show a certificate that one of them signed.',
            ),
        })
        .optional()
        .describe(
          'TLS on this door. Its files are followed while it runs. Left out: plain text, which is good for loopback and Unix sockets alone, since replies carry our token.',
        ),
    })
    .prefault({})
    .describe("The door for Envoy's checks."),
  admin: z
    .strictObject({
      address: adminAddress
        .default('127.0.0.1:9090')
        .describe('Where it listens: `host:port`, or `:port` for every address of the machine.'),
      metrics: z
        .strictObject({
          authorize: z
            .boolean()
            .default(false)
            .describe(
              'Give `/metrics` only to a bearer token that TokenReview knows, of an account that SubjectAccessReview lets `get` the path `/metrics`, as kube-rbac-proxy does. `/livez` and `/readyz` stay open. Needs the right to `create` `tokenreviews`. [metrics.md](metrics.md#who-may-read-them) has the roles.',
            ),
        })
        .prefault({})
        .describe('Who may read `/metrics`.'),
    })
    .prefault({})
    .describe('The door for `/livez`, `/readyz` and `/metrics`, plain HTTP.'),
  kubernetes: z
    .strictObject({
      kubeconfig: text
        .min(1)
        .optional()
        .describe(
          'How the API server is asked for reviews: a file whose current context names a cluster and a user. Followed while it runs. Left out: as a Pod, by its own service account. A server without https, `insecure-skip-tls-verify` and `proxy-url` are refused when it is used.',
        ),
      token: z
        .strictObject({
          file: text
            .min(1)
            .optional()
            .describe(
              'A file with the token. Followed, as the kubelet renews it; an expired token is never sent. Left out: `/var/run/secrets/kubernetes.io/serviceaccount/token`.',
            ),
          tokenRequest: tokenRequestSchema
            .optional()
            .describe(
              'In place of `file`: the service account whose token is asked for by TokenRequest, with the credential of `kubernetes.kubeconfig` or of the Pod.',
            ),
        })
        .prefault({})
        .describe('Our own credential, which goes upstream with every request that is allowed.'),
    })
    .prefault({})
    .describe('The API server behind Envoy.'),
  authentication: z
    .strictObject({
      configFile: text
        .min(1)
        .optional()
        .describe('The file. Its entries come before those of `jwt`.'),
      allowReservedNames: z
        .boolean()
        .default(false)
        .describe(
          "Let users and groups through that begin with `system:`, for all of the file's entries.",
        ),
      disallowedIssuers: z
        .array(text)
        .default([])
        .describe(
          "Issuer URLs that no entry may have, neither of the file nor of `jwt`: such as the API server's own issuer, which it would refuse as well.",
        ),
    })
    .prefault({})
    .describe("kube-apiserver's own `AuthenticationConfiguration` file, taken as it is."),
  jwt: z
    .array(ownJwtEntry)
    .default([])
    .describe(
      "Whose tokens are believed. Each entry is kube-apiserver's `JWTAuthenticator`, field for field, and more. Two entries may have one issuer URL when their names differ: a token belongs to the one whose keys verify it. An issuer of `authentication.configFile` is refused here.",
    ),
  tokenReview: z
    .strictObject({
      audiences: z
        .array(text.min(1))
        .default([])
        .describe('Whom the tokens must be meant for. Empty: the API server itself.'),
    })
    .optional()
    .describe(
      'Put tokens that no entry claims to the API server; its answer is the user, `system:` names included. Left out: such tokens are refused. `{}` turns it on. Needs the right to `create` `tokenreviews`.',
    ),
  impersonation: impersonationSchema,
  extra: extraSchema,
  envoy: z
    .strictObject({
      finisher: z
        .literal('metadata', { error: 'only "metadata" is supported yet' })
        .optional()
        .describe(
          'How headers with several values get to the API server. `metadata`: `finisher.lua` writes them. Left out: the same.',
        ),
    })
    .optional()
    .describe('What Envoy is set up to do.'),
  audit: auditSchema,
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .default('info')
        .describe('The least that is logged.'),
    })
    .prefault({})
    .describe("The server's own log, JSON lines on standard error."),
});

export type ConfigurationFile = z.infer<typeof configurationSchema>;
