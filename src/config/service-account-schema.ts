// Service accounts whose tokens are asked for by TokenRequest. The descriptions become
// docs/configuration.md.
import { z } from 'zod';

const text = z.string();

/** kube-apiserver gives out no shorter ones (pkg/registry/core/serviceaccount/storage/token.go). */
const shortest = 600;
const longest = 86_400;

const tokenFields = {
  audiences: z
    .array(text.min(1))
    .default([])
    .describe("For whom the tokens are. Empty: the API server's own audiences."),
  expirationSeconds: z
    .int()
    .min(shortest)
    .max(longest)
    .default(shortest)
    .describe(
      'How long a token is good for. It is renewed in the background when 80 % of that have passed, and never sent past its end.',
    ),
};

/** Our own token, asked for in place of being read from a file. */
export const tokenRequestSchema = z.strictObject({
  namespace: text.min(1).describe('Required. The namespace of the service account.'),
  serviceAccount: text.min(1).describe('Required. Its name.'),
  ...tokenFields,
});

/** Whose token the requests of an issuer go upstream with. */
export const mappedAccountSchema = z.strictObject({
  namespace: text.min(1).optional().describe('The namespace of the service account.'),
  name: text.min(1).optional().describe('Its name.'),
  expression: text
    .min(1)
    .optional()
    .describe(
      'In place of `namespace` and `name`: CEL over `claims` that gives `NAMESPACE/NAME`, so that each pipeline has an account of its own. Needs `allowed`.',
    ),
  allowed: z
    .array(text)
    .optional()
    .describe(
      'The accounts that `expression` may give, as `NAMESPACE/NAME`; any other is refused with 403.',
    ),
  ...tokenFields,
});

export type TokenRequestFile = z.infer<typeof tokenRequestSchema>;
export type MappedAccountFile = z.infer<typeof mappedAccountSchema>;
