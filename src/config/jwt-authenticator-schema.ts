// kube-apiserver's AuthenticationConfiguration (apiserver.config.k8s.io/v1, types.go), strict at
// every level. The descriptions become docs/configuration.md.
import { z } from 'zod';

const text = z.string();

const claim = text
  .optional()
  .describe('The claim whose value is taken. Refused beside `expression`.');
const expression = text
  .optional()
  .describe('A CEL expression over `claims` that gives the value. Refused beside `claim`.');
const prefix = text
  .optional()
  .describe(
    'What is put before the value. Must be set with `claim` (the empty text: no prefix); refused with `expression`.',
  );

const issuer = z
  .strictObject({
    url: text
      .default('')
      .describe(
        'Required. The `iss` of its tokens, to the letter, and where its keys are discovered: an https URL without user, query and fragment. With `keys` any URI. Refused when `authentication.disallowedIssuers` has it.',
      ),
    discoveryURL: text
      .optional()
      .describe(
        'Where the discovery document is when it is not at `url` + `/.well-known/openid-configuration`: a whole https URL, other than `url`. What it says must name `url` as its issuer.',
      ),
    certificateAuthority: text
      .optional()
      .describe(
        "PEM certificates (the text, not a file) that the issuer's server is checked with, in place of Node's own.",
      ),
    audiences: z
      .array(text)
      .default([])
      .describe('Required. A token must have one of them in `aud`. Doubles are refused.'),
    audienceMatchPolicy: text
      .optional()
      .describe('Must be `MatchAny` when there are several audiences; may be left out with one.'),
    egressSelectorType: text
      .optional()
      .describe(
        '`controlplane` or `cluster`; taken for the sake of files that have it, without effect here.',
      ),
  })
  .describe('Required. Who signs the tokens.');

const claimValidationRules = z
  .array(
    z.strictObject({
      claim: text
        .optional()
        .describe(
          'The claim that must have `requiredValue`. Either this or `expression`; two rules for one claim are refused.',
        ),
      requiredValue: text
        .optional()
        .describe(
          'The only good value of `claim`, a text. Left out: the empty text. Refused with `expression`.',
        ),
      expression: text
        .optional()
        .describe(
          'A CEL expression over `claims` that must be true. It must give a bool; the same one twice is refused.',
        ),
      message: text
        .optional()
        .describe('What the refusal says when the expression is false. Refused with `claim`.'),
    }),
  )
  .default([])
  .describe('What the claims of a token must fulfil, every rule of it.');

const claimMappings = z
  .strictObject({
    username: z
      .strictObject({ claim, expression, prefix })
      .default({})
      .describe(
        'Required. The name of the user, by `claim` or by `expression`. An expression that reads `claims.email` is refused unless this entry reads `claims.email_verified` somewhere.',
      ),
    groups: z
      .strictObject({ claim, expression, prefix })
      .optional()
      .describe('The groups: one text or a list. Left out: no groups.'),
    uid: z.strictObject({ claim, expression }).optional().describe('The uid. Left out: none.'),
    extra: z
      .array(
        z.strictObject({
          key: text
            .default('')
            .describe(
              'Required. A domain and a path in lower case, such as `example.com/team`. Doubles and the domains of Kubernetes (`k8s.io`, `kubernetes.io`) are refused.',
            ),
          valueExpression: text
            .default('')
            .describe(
              'Required. A CEL expression over `claims` that gives a text, a list of texts or null (no value).',
            ),
        }),
      )
      .default([])
      .describe('Further things that are said of the user.'),
  })
  .default({ username: {}, extra: [] })
  .describe('Required. How claims become a user.');

const userValidationRules = z
  .array(
    z.strictObject({
      expression: text
        .default('')
        .describe(
          'Required. A CEL expression over `user` that must be true. It must give a bool; the same one twice is refused.',
        ),
      message: text.default('').describe('What the refusal says when the expression is false.'),
    }),
  )
  .default([])
  .describe('What the mapped user must fulfil, every rule of it.');

/** The fields of kube-apiserver's JWTAuthenticator. */
export const jwtAuthenticatorFields = {
  issuer,
  claimValidationRules,
  claimMappings,
  userValidationRules,
};

const jwtAuthenticator = z.strictObject(jwtAuthenticatorFields);

export type JwtAuthenticatorFile = z.infer<typeof jwtAuthenticator>;

/** kube-apiserver's AuthenticationConfiguration file. */
export const authenticationConfigurationSchema = z.strictObject({
  apiVersion: z
    .enum([
      'apiserver.config.k8s.io/v1',
      'apiserver.config.k8s.io/v1beta1',
      'apiserver.config.k8s.io/v1alpha1',
    ])
    .describe('Required. The version of the file; all three are read alike.'),
  kind: z.literal('AuthenticationConfiguration').describe('Required. What the file is.'),
  jwt: z
    .array(jwtAuthenticator)
    .default([])
    .describe(
      'The entries, at most 64. Two with one `issuer.url` or one `issuer.discoveryURL` are refused.',
    ),
  anonymous: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Without effect here. Must be true when there are conditions.'),
      conditions: z
        .array(z.strictObject({ path: text.default('').describe('Without effect here.') }))
        .default([])
        .describe('Without effect here.'),
    })
    .optional()
    .describe('Without effect here, and a warning says so: every request needs a token.'),
});

export type AuthenticationConfigurationFile = z.infer<typeof authenticationConfigurationSchema>;
