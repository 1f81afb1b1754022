// An entry of our own `jwt` list: kube-apiserver's fields, and what we have beside them. The
// descriptions become docs/configuration.md.
import { z } from 'zod';
import { jwtAuthenticatorFields } from './jwt-authenticator-schema.ts';
import { mappedAccountSchema } from './service-account-schema.ts';

const text = z.string();

const keySource = z.union(
  [
    z.strictObject({
      file: text
        .min(1)
        .describe(
          'A file with PEM certificates or public keys, or with a JWKS. Followed: one that turns bad keeps the keys it had.',
        ),
    }),
    z.strictObject({ pem: text.min(1).describe('The same as PEM text.') }),
    z.strictObject({ jwks: z.record(text, z.unknown()).describe('A JWKS, in place.') }),
  ],
  { error: 'must be one of file, pem and jwks' },
);

const issuer = jwtAuthenticatorFields.issuer.extend({
  keys: z
    .array(keySource)
    .min(1)
    .optional()
    .describe(
      'The public keys, in place of discovery: RSA of 2048 bits or more, EC or Ed25519. At least one; each has one of `file`, `pem` and `jwks`. A file that has no good key is refused, as are `discoveryURL`, `certificateAuthority` and `discoveryTokenFile` beside it.',
    ),
  discoveryTokenFile: text
    .min(1)
    .optional()
    .describe(
      "A file with the bearer token that the issuer's discovery wants, such as another cluster's. It is read for each request and sent to that server alone.",
    ),
});

export const ownJwtEntry = z.strictObject({
  name: text
    .min(1)
    .optional()
    .describe(
      'The label in audit and metrics. Left out: `issuer.url`. Two entries of one name are refused.',
    ),
  ...jwtAuthenticatorFields,
  issuer: issuer.describe('Required. Who signs the tokens.'),
  actAs: z
    .enum(['impersonate', 'serviceAccount'])
    .default('impersonate')
    .describe(
      'How requests go upstream. `impersonate`: as the user of the token, with our own token and `Impersonate-*` headers. `serviceAccount`: as a service account, whoever the token is; `kubectl --as` is refused.',
    ),
  serviceAccount: mappedAccountSchema
    .optional()
    .describe(
      'With `actAs: serviceAccount`: whose token goes upstream, asked for by TokenRequest. Left out: our own.',
    ),
  maxTokenLifetime: text
    .optional()
    .describe(
      'The longest that `exp` − `iat` (without `iat`: `exp` − now) may be, a duration above 0; an `iat` in the future is then refused, too. Left out: no limit.',
    ),
  tokenReview: z
    .boolean()
    .default(false)
    .describe(
      "Also put each token to the API server, so that a deleted account's token dies within about twenty seconds. Needs the right to `create` `tokenreviews`.",
    ),
  allowReservedNames: z
    .boolean()
    .default(false)
    .describe(
      'Let users and groups through that begin with `system:`. For issuers that are clusters.',
    ),
});

export type OwnJwtEntry = z.infer<typeof ownJwtEntry>;
