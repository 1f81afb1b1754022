/** The jwt entries both sides are given: one for each rule about claims, written by hand. */

/** All of a jwt entry but its issuer. */
export interface EntryRules {
  /** Set over the issuer's usual fields. */
  readonly issuer?: Readonly<Record<string, unknown>>;
  readonly claimMappings: Readonly<Record<string, unknown>>;
  readonly claimValidationRules?: readonly object[];
  readonly userValidationRules?: readonly object[];
}

export const audience = 'kubernetes';

const sub = { claim: 'sub', prefix: '' };
const team = { key: 'example.com/team', valueExpression: 'claims.team' };

/** Entries that say everything by the names of claims; their extras select a claim and do no more. */
export const claimEntries = {
  plain: {
    claimMappings: {
      username: sub,
      groups: { claim: 'groups', prefix: '' },
      uid: { claim: 'uid' },
      extra: [team],
    },
  },
  userOnly: { claimMappings: { username: sub } },
  email: {
    claimMappings: {
      username: { claim: 'email', prefix: '' },
      groups: { claim: 'groups', prefix: 'team:' },
    },
  },
  prefixed: {
    claimMappings: {
      username: { claim: 'preferred_username', prefix: 'oidc:' },
      groups: { claim: 'roles', prefix: 'oidc,' },
      uid: { claim: 'sub' },
    },
  },
  audiences: {
    issuer: { audiences: ['one', audience, 'Zwei'], audienceMatchPolicy: 'MatchAny' },
    claimMappings: { username: sub },
  },
  required: {
    claimMappings: { username: sub },
    claimValidationRules: [
      { claim: 'hd', requiredValue: 'example.com' },
      { claim: 'tenant', requiredValue: '' },
    ],
  },
  oddNames: {
    claimMappings: {
      username: { claim: 'https://example.com/user', prefix: '' },
      groups: { claim: '__proto__', prefix: '' },
      uid: { claim: 'constructor' },
    },
  },
  registered: {
    claimMappings: {
      username: { claim: 'jti', prefix: '' },
      groups: { claim: 'aud', prefix: '' },
      uid: { claim: 'iss' },
    },
  },
  extras: {
    claimMappings: {
      username: sub,
      extra: [
        { key: 'example.com/a/b', valueExpression: 'claims.nested.list' },
        { key: 'example.com/%41', valueExpression: 'claims.nested.deep.text' },
        { key: 'ak8s.io/x', valueExpression: 'claims.team' },
      ],
    },
  },
  slash: { claimMappings: { username: sub } },
  elsewhere: { claimMappings: { username: sub } },
} as const satisfies Readonly<Record<string, EntryRules>>;

/** Entries that need expressions. */
export const expressionEntries = {
  byExpression: {
    claimMappings: {
      username: { expression: '"user:" + claims.sub' },
      groups: { expression: 'claims.groups' },
      uid: { expression: 'claims.uid' },
      extra: [team, { key: 'example.com/level', valueExpression: 'string(claims.level)' }],
    },
  },
  anyType: {
    claimMappings: {
      username: { expression: 'claims.sub' },
      groups: { expression: 'claims.team' },
      uid: { expression: 'claims.?uid.orValue("")' },
      extra: [{ key: 'example.com/any', valueExpression: 'claims.?any.orValue(null)' }],
    },
  },
  optionalValue: {
    claimMappings: {
      username: { expression: 'claims.sub' },
      groups: { expression: 'claims.?groups' },
    },
  },
  bareSplit: {
    claimMappings: {
      username: { expression: 'claims.sub' },
      groups: { expression: 'claims.scope.split(",")' },
    },
  },
  mappedSplit: {
    claimMappings: {
      username: { expression: 'claims.sub' },
      groups: { expression: 'claims.scope.split(",").map(one, one) + ["all"]' },
    },
  },
  verifiedEmail: {
    claimMappings: {
      username: { expression: 'claims.email_verified ? claims.email : claims.sub' },
      groups: { expression: 'has(claims.groups) ? claims.groups : []' },
    },
  },
  escaped: {
    claimMappings: {
      username: { expression: 'claims["https://example.com/user"]' },
      groups: { expression: 'claims.a__dot__b' },
      extra: [
        { key: 'example.com/dash', valueExpression: 'claims.a__dash__b' },
        { key: 'example.com/nested', valueExpression: 'claims.nested.c__slash__d' },
        { key: 'example.com/word', valueExpression: 'claims.__namespace__' },
      ],
    },
  },
  claimRules: {
    claimMappings: { username: sub },
    claimValidationRules: [
      { expression: 'claims.level >= 3', message: 'too low' },
      { expression: 'claims.exp - claims.nbf <= 86400' },
      { claim: 'hd', requiredValue: 'example.com' },
      { expression: '!has(claims.blocked) || claims.blocked == false' },
    ],
  },
  userRules: {
    claimMappings: {
      username: sub,
      groups: { claim: 'groups', prefix: '' },
      uid: { claim: 'uid' },
      extra: [team],
    },
    userValidationRules: [
      { expression: '!user.username.startsWith("root")', message: 'not root' },
      { expression: 'user.groups.all(group, group != "banned")' },
      { expression: 'user.uid != "0" && user.extra.?team.orValue([]).size() == 0' },
      { expression: '!("system:authenticated" in user.groups)' },
    ],
  },
  emailRules: {
    claimMappings: {
      username: { expression: 'claims.email' },
      extra: [
        { key: 'example.com/verified', valueExpression: 'string(claims.email_verified)' },
        { key: 'example.com/domain', valueExpression: 'claims.email.split("@")[1]' },
      ],
    },
    claimValidationRules: [{ expression: 'claims.?email_verified.orValue(true) == true' }],
  },
  numbers: {
    claimMappings: {
      username: { expression: 'claims.sub' },
      uid: { expression: 'string(claims.level)' },
      extra: [
        {
          key: 'example.com/type',
          valueExpression: 'type(claims.level) == double ? "double" : "other"',
        },
        { key: 'example.com/int', valueExpression: 'string(int(claims.level))' },
      ],
    },
  },
  formatted: {
    claimMappings: {
      username: { expression: '"%s".format([dyn(claims.hd)])' },
      groups: { expression: 'dyn(claims.tags).map(tag, "tag:" + tag)' },
    },
  },
} as const satisfies Readonly<Record<string, EntryRules>>;

/** Whether the server reads expressions; without, their entries and rows are left out. */
export const readsExpressions = true;
