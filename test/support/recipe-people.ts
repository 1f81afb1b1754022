/** What tokens of people say, as their vendors document it, and how they look after each mistake. */
import { credential, everybody, jti, lasting, type RecipeCase } from './recipe-case.ts';

/** https://dexidp.io/docs/configuration/custom-scopes-claims-clients */
export const dex: RecipeCase = {
  heading: 'Dex',
  entry: 'dex',
  good: {
    ...lasting(600),
    sub: 'CgQxMjM0EgZnaXRodWI',
    aud: 'kubernetes',
    at_hash: 'bi96gOXZShvlWYtal9Eqiw',
    email: 'jane.doe@example.com',
    email_verified: true,
    groups: ['my-org:platform', 'system:masters'],
    name: 'Jane Doe',
    preferred_username: 'jane',
    federated_claims: { connector_id: 'github', user_id: '1234' },
  },
  upstream: {
    'impersonate-user': ['dex:github:1234'],
    'impersonate-uid': ['CgQxMjM0EgZnaXRodWI'],
    'impersonate-group': ['dex:my-org:platform', 'dex:system:masters', everybody],
  },
  mistakes: {
    'A token for another client of the same Dex': () => ({ aud: 'dashboard' }),
    'Without the scope `federated:id`': () => ({ federated_claims: undefined }),
    'Somebody of another connector, even with the same id': () => ({
      federated_claims: { connector_id: 'google', user_id: '1234' },
    }),
    "Dex's default lifetime of a day": () => lasting(86_400),
    "The issuer's URL with a slash at its end": (url) => ({ iss: `${url}/` }),
  },
};

const accessToken = { typ: 'Bearer', realm_access: { roles: ['offline_access'] } };

/** https://www.keycloak.org/docs/latest/server_admin (Audience support, Group Membership) */
export const keycloak: RecipeCase = {
  heading: 'Keycloak',
  entry: 'keycloak',
  good: {
    ...lasting(300),
    jti,
    sub: '2f1c3f9e-9a5e-4d06-8a39-6d3f6c0a5b11',
    aud: 'kubernetes',
    typ: 'ID',
    azp: 'kubernetes',
    sid: 'e2b7d1f0-5d5c-4b44-8a3f-2c9d2f1e7a10',
    acr: '1',
    email_verified: true,
    email: 'jane@example.com',
    name: 'Jane Doe',
    preferred_username: 'jane',
    groups: ['/platform/admins', '/staff'],
  },
  upstream: {
    'impersonate-user': ['keycloak:2f1c3f9e-9a5e-4d06-8a39-6d3f6c0a5b11'],
    'impersonate-group': ['keycloak:/platform/admins', 'keycloak:/staff', everybody],
    'impersonate-extra-keycloak.example.com%2fusername': ['jane'],
    [credential]: [`JTI=${jti}`],
  },
  mistakes: {
    'The access token: its `aud` is `account`, the client is in `azp` alone': () => ({
      ...accessToken,
      aud: 'account',
    }),
    'An access token without any `aud`': () => ({ ...accessToken, aud: undefined }),
    'An access token to which an audience mapper has added `kubernetes`': () => ({
      ...accessToken,
      aud: ['kubernetes', 'account'],
      azp: 'some-website',
    }),
    '_Full group path_ is off: every `admins` of the realm would be the same': () => ({
      groups: ['admins', 'staff'],
    }),
    '_Access Token Lifespan_ was raised to an hour': () => lasting(3600),
    'A token of another realm of the same Keycloak': (url) => ({
      iss: url.replace('/realms/company', '/realms/master'),
    }),
    'The URL of old versions, with `/auth` before `/realms`': (url) => ({
      iss: url.replace('/realms', '/auth/realms'),
    }),
  },
};

const tenant = '8f14e45f-ceea-467f-a9d5-0c3b1f2a7e60';
const graph = { src1: { endpoint: 'https://graph.microsoft.com/v1.0/users/x/getMemberObjects' } };

/** https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference */
export const entra: RecipeCase = {
  heading: 'Microsoft Entra ID',
  entry: 'entra',
  good: {
    ...lasting(3900),
    ver: '2.0',
    sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
    aud: '6b1d0f5e-2d43-4c89-9a57-31e7c0a4d982',
    oid: '0b5e8f6a-7c2d-4e1f-9a3b-4c5d6e7f8091',
    tid: tenant,
    preferred_username: 'jane@example.com',
    name: 'Jane Doe',
    groups: ['d4c3b2a1-9f8e-4d7c-a6b5-1029384756ab'],
  },
  upstream: {
    'impersonate-user': ['entra:0b5e8f6a-7c2d-4e1f-9a3b-4c5d6e7f8091'],
    'impersonate-group': ['entra:d4c3b2a1-9f8e-4d7c-a6b5-1029384756ab', everybody],
  },
  mistakes: {
    'A token of the v1.0 endpoint (`https://sts.windows.net/…`)': () => ({
      iss: `https://sts.windows.net/${tenant}/`,
      ver: '1.0',
    }),
    'A token of another tenant': (url) => ({
      iss: url.replace(tenant, '9188040d-6c67-4c5b-b112-36a304b66dad'),
      tid: '9188040d-6c67-4c5b-b112-36a304b66dad',
    }),
    'A token for another application of the tenant': () => ({
      aud: '00000003-0000-0000-c000-000000000000',
    }),
    'Without the scope `profile` there is no `oid`': () => ({ oid: undefined }),
    'A lifetime policy of a day': () => lasting(86_400),
    'Somebody with more than 200 groups: the token has none of them': () => ({
      groups: undefined,
      _claim_names: { groups: 'src1' },
      _claim_sources: graph,
    }),
  },
};

/** https://developers.google.com/identity/openid-connect/reference */
export const google: RecipeCase = {
  heading: 'Google',
  entry: 'google',
  good: {
    ...lasting(3600),
    azp: '1234987819200.apps.googleusercontent.com',
    aud: '1234987819200.apps.googleusercontent.com',
    sub: '10769150350006150715',
    at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
    hd: 'example.com',
    email: 'jane@example.com',
    email_verified: true,
  },
  upstream: {
    'impersonate-user': ['google:10769150350006150715'],
    'impersonate-group': [everybody],
  },
  mistakes: {
    'Anybody with a Google account: `hd` is absent': () => ({
      hd: undefined,
      email: 'jane@gmail.com',
    }),
    'Somebody of another Workspace domain': () => ({ hd: 'example.org' }),
    'An address that ends in `@example.com`, but has no `hd`': () => ({ hd: undefined }),
    'A token for another client, such as that of `gcloud`': () => ({
      aud: '32555940559.apps.googleusercontent.com',
      azp: '32555940559.apps.googleusercontent.com',
    }),
  },
};
