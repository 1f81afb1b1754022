/** Expressions for generated entries, each of which kube-apiserver compiles; what they give depends on the token. */

type Pool = readonly [string, ...string[]];

export const usernameExpressions: Pool = [
  'claims.sub',
  '"x:" + claims.sub',
  'claims.preferred_username + "@" + claims.hd',
  'has(claims.name) ? claims.name : claims.sub',
  'claims.?name.orValue(claims.sub)',
  'claims.sub.lowerAscii()',
  'claims.sub.trim()',
  'claims.sub.replace("a", "b")',
  'claims.sub.substring(0, 3)',
  'string(claims.level)',
  'string(claims.uid)',
  'claims["https://example.com/user"]',
  'claims.nested.deep.text',
  'claims.tags[0]',
  'dyn(claims.roles).filter(r, r.startsWith("o"))[0]',
  'claims.email_verified == true ? claims.email : "nobody"',
  '[string(claims.sub), string(claims.hd)].join("/")',
  'claims.sub.size() > 3 ? claims.sub : "short"',
  '"%s-%s".format([string(claims.sub), dyn(claims.hd)])',
  'claims.sub.find("[a-z]+")',
];

export const groupsExpressions: Pool = [
  'claims.groups',
  'claims.roles',
  'claims.team',
  'claims.?groups.orValue([])',
  'claims.?groups.orValue(null)',
  '[claims.team, claims.hd]',
  'claims.roles + claims.tags',
  'dyn(claims.roles).map(r, "role:" + r)',
  'dyn(claims.roles).filter(r, r != "ops")',
  'claims.scope.split(" ").map(s, s)',
  'has(claims.nested.list) ? claims.nested.list : []',
  'claims.nested.list',
  'claims.level > 2.0 ? ["high"] : ["low"]',
  'dyn(claims.tags).exists(t, t == "red") ? "red" : ""',
  '["a", "", string(claims.team)]',
  'claims.groups.size() > 1 ? claims.groups : []',
  'sets.contains(claims.roles, ["ops"]) ? ["ops"] : []',
  'claims.roles.isSorted() ? claims.roles : []',
  'claims.any',
  '[]',
  '""',
  'null',
];

export const uidExpressions: Pool = [
  'claims.uid',
  'claims.?uid.orValue("")',
  'string(claims.level)',
  'string(claims.exp > 0.0)',
  'claims.sub + claims.uid',
  'claims.nested.deep.text.upperAscii()',
  '"fixed"',
  'claims.any',
];

export const extraExpressions: Pool = [
  ...groupsExpressions,
  'string(claims.email_verified)',
  'string(claims.level)',
  'string(type(claims.any) == string)',
  'claims.aud',
  'claims.iss',
  'claims.jti',
  'claims.nested.deep.text.matches("^[a-z]+$") ? "word" : "other"',
  'dyn(claims.level) == 7 ? "seven" : "other"',
  'dyn(claims.tags).map(t, t + "!")',
  'string(claims.roles.size())',
  'string(int(claims.level) % 2)',
  'string(timestamp("2024-01-01T00:00:00Z").getFullYear())',
  'string(bytes(claims.sub))',
  'quantity("1Gi").isGreaterThan(quantity("1Mi")) ? "more" : "less"',
  'isURL(claims.iss) ? url(claims.iss).getHost() : ""',
];

/** For rules on claims. */
export const claimConditions: Pool = [
  'claims.level >= 3',
  'claims.level == 7',
  'claims.hd == "example.com"',
  'has(claims.team)',
  '"ops" in claims.roles',
  'claims.?email_verified.orValue(true) == true',
  'claims.exp - claims.iat <= 3600.0',
  'dyn(claims.groups).all(g, g != "banned")',
  'claims.sub != claims.uid',
  'claims.team.matches("^[a-z]+$")',
  'type(claims.sub) == string',
  'size(claims.sub) < 40',
  'dyn(claims.tags).exists_one(t, t == "red")',
  '!has(claims.nested.missing)',
  'claims.nested.deep.text != ""',
  'claims.any == null || claims.any != "no"',
  'claims.aud == "kubernetes" || "kubernetes" in claims.aud',
  'true',
];

/** For rules on the user. */
export const userConditions: Pool = [
  '!user.username.startsWith("system:")',
  'user.groups.all(g, !g.startsWith("system:"))',
  'user.username.size() < 40',
  'user.uid != "0"',
  'size(user.groups) < 5',
  'user.extra.all(key, user.extra[key].size() < 4)',
  '!has(user.extra.missing)',
  '!("example.com/x0" in user.extra) || user.extra["example.com/x0"] != ["blue"]',
  'user.username != "eve"',
  '!user.groups.exists(g, g == "")',
  'has(user.uid)',
  'true',
];
