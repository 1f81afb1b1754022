import { z } from 'zod';

// Fields of the product's contract that this release does not read yet are refused by name:
// a setting that is silently ignored is a hole in somebody's defence.
const notYet = z.undefined({ error: 'not supported yet' }).optional();

const text = z.string();

const claimOrExpression = { claim: text.optional(), expression: text.optional() };

/** kube-apiserver's JWTAuthenticator (apiserver.config.k8s.io/v1, types.go), strict at every level. */
const jwtAuthenticatorFields = {
  issuer: z.strictObject({
    url: text.default(''),
    discoveryURL: text.optional(),
    certificateAuthority: text.optional(),
    audiences: z.array(text).default([]),
    audienceMatchPolicy: text.optional(),
    egressSelectorType: text.optional(),
  }),
  claimValidationRules: z
    .array(
      z.strictObject({
        claim: text.optional(),
        requiredValue: text.optional(),
        expression: text.optional(),
        message: text.optional(),
      }),
    )
    .default([]),
  claimMappings: z
    .strictObject({
      username: z.strictObject({ ...claimOrExpression, prefix: text.optional() }).default({}),
      groups: z.strictObject({ ...claimOrExpression, prefix: text.optional() }).optional(),
      uid: z.strictObject(claimOrExpression).optional(),
      extra: z
        .array(z.strictObject({ key: text.default(''), valueExpression: text.default('') }))
        .default([]),
    })
    .default({ username: {}, extra: [] }),
  userValidationRules: z
    .array(z.strictObject({ expression: text.default(''), message: text.default('') }))
    .default([]),
};

const jwtAuthenticator = z.strictObject(jwtAuthenticatorFields);

export type JwtAuthenticatorFile = z.infer<typeof jwtAuthenticator>;

/** kube-apiserver's AuthenticationConfiguration file. */
export const authenticationConfigurationSchema = z.strictObject({
  apiVersion: z.enum([
    'apiserver.config.k8s.io/v1',
    'apiserver.config.k8s.io/v1beta1',
    'apiserver.config.k8s.io/v1alpha1',
  ]),
  kind: z.literal('AuthenticationConfiguration'),
  jwt: z.array(jwtAuthenticator).default([]),
  anonymous: z
    .strictObject({
      enabled: z.boolean().default(false),
      conditions: z.array(z.strictObject({ path: text.default('') })).default([]),
    })
    .optional(),
});

export type AuthenticationConfigurationFile = z.infer<typeof authenticationConfigurationSchema>;

const keySource = z.union(
  [
    z.strictObject({ file: text.min(1) }),
    z.strictObject({ pem: text.min(1) }),
    z.strictObject({ jwks: z.record(text, z.unknown()) }),
  ],
  { error: 'must be one of file, pem and jwks' },
);

const ownJwtEntry = z.strictObject({
  ...jwtAuthenticatorFields,
  issuer: jwtAuthenticatorFields.issuer.extend({
    keys: z.array(keySource).min(1).optional(),
    discoveryTokenFile: text.min(1).optional(),
  }),
  name: text.min(1).optional(),
  actAs: z.literal('impersonate', { error: 'only "impersonate" is supported yet' }).optional(),
  serviceAccount: notYet,
  maxTokenLifetime: text.optional(),
  tokenReview: z.boolean().default(false),
  allowReservedNames: z.boolean().default(false),
});

export type OwnJwtEntry = z.infer<typeof ownJwtEntry>;

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
  apiVersion: z.literal('kube-ext-authz.dev/v1alpha1'),
  kind: z.literal('Configuration'),
  grpc: z
    .strictObject({
      address: grpcAddress.default('127.0.0.1:9001'),
      drainPeriod: text.default('5s'),
      tls: z
        .strictObject({ certFile: text, keyFile: text, clientCAFile: text.optional() })
        .optional(),
    })
    .prefault({}),
  admin: z.strictObject({ address: adminAddress.default('127.0.0.1:9090') }).prefault({}),
  kubernetes: z
    .strictObject({
      kubeconfig: text.min(1).optional(),
      token: z.strictObject({ file: text.min(1).optional(), tokenRequest: notYet }).prefault({}),
    })
    .prefault({}),
  authentication: z
    .strictObject({
      configFile: text.min(1).optional(),
      allowReservedNames: z.boolean().default(false),
      disallowedIssuers: z.array(text).default([]),
    })
    .prefault({}),
  jwt: z.array(ownJwtEntry).default([]),
  tokenReview: z.strictObject({ audiences: z.array(text.min(1)).default([]) }).optional(),
  impersonation: notYet,
  extra: notYet,
  envoy: z
    .strictObject({
      finisher: z.literal('metadata', { error: 'only "metadata" is supported yet' }).optional(),
    })
    .optional(),
  audit: z
    .array(
      z.strictObject({
        format: z.literal('json', { error: 'only "json" is supported yet' }),
        path: text.min(1).default('-'),
      }),
    )
    .default([{ format: 'json', path: '-' }]),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    })
    .prefault({}),
});

export type ConfigurationFile = z.infer<typeof configurationSchema>;
