// What must stand beside a SecurityPolicy of Envoy Gateway.
import { at, isSet, isTrue, items, text, type Field } from '../field.ts';
import { brokenIf, shown, type Broken } from '../finding.ts';
import { ofKind, type Manifests } from '../manifests.ts';
import { asking, envoyGatewayApi as api, type ManifestRule } from './manifest-rule.ts';

/** For a rule about objects that may not be among the files: what the first policy then says of it. */
function ofSome(
  manifests: Manifests,
  kind: string,
  ask: (spec: Field) => readonly Broken[],
): readonly Broken[] {
  const [extAuth] = asking(manifests);
  if (!extAuth) return [];
  const found = ofKind(manifests, kind);
  if (found.length === 0) return [{ field: extAuth, found: `there is no ${kind} here` }];
  return found.flatMap(({ field }) => ask(at(field, 'spec')));
}

const upgrades: ManifestRule = {
  id: 'E7',
  severity: 'warning',
  title: 'WebSocket and SPDY upgrades are let through',
  why: 'Otherwise exec, attach, cp and port-forward get 403 without a check; a request buffer excludes upgrades.',
  fix: 'Set BackendTrafficPolicy httpUpgrade: [{ type: websocket }, { type: spdy/3.1 }], and no requestBuffer.',
  source: api,
  check: (manifests) =>
    ofSome(manifests, 'BackendTrafficPolicy', (spec) => {
      const field = at(spec, 'http_upgrade');
      const types = items(field).map((one) => text(at(one, 'type'))?.toLowerCase());
      const missing = ['websocket', 'spdy/3.1'].filter((type) => !types.includes(type));
      const buffer = at(spec, 'request_buffer');
      return [
        ...brokenIf(missing.length > 0, field, `it lacks ${missing.join(' and ')}`),
        ...brokenIf(isSet(buffer), buffer, 'it is set'),
      ];
    }),
};

const protocol: ManifestRule = {
  id: 'E8',
  severity: 'warning',
  title: 'upgrades reach the API server over HTTP/1.1',
  why: 'Over HTTP/2 the API server refuses them: 502.',
  fix: 'Set BackendTrafficPolicy useClientProtocol: true.',
  source: api,
  check: (manifests) =>
    ofSome(manifests, 'BackendTrafficPolicy', (spec) => {
      const field = at(spec, 'use_client_protocol');
      return brokenIf(!isTrue(field), field, `it is ${shown(field)}`);
    }),
};

const timeouts: ManifestRule = {
  id: 'E9',
  severity: 'warning',
  title: 'nothing ends a watch or an idle shell',
  why: 'A route times out after 15 s and a stream after 5 idle minutes by default.',
  fix: 'Set timeouts.request: 0s in every rule of the HTTPRoutes, and ClientTrafficPolicy timeout.http.streamIdleTimeout: 0s.',
  source: api,
  check: (manifests) => [
    ...ofSome(manifests, 'HTTPRoute', (spec) =>
      items(at(spec, 'rules')).flatMap((rule) => {
        const field = at(rule, 'timeouts', 'request');
        return brokenIf(!/^0m?s$/.test(text(field) ?? ''), field, `it is ${shown(field)}`);
      }),
    ),
    ...ofSome(manifests, 'ClientTrafficPolicy', (spec) => {
      const field = at(spec, 'timeout', 'http', 'stream_idle_timeout');
      const isLong = /^(0m?s|[1-9]\d*h|[6-9]\d+m|\d{3,}m)$/.test(text(field) ?? '');
      return brokenIf(!isLong, field, `it is ${shown(field)}`);
    }),
  ],
};

const paths: ManifestRule = {
  id: 'E10',
  severity: 'warning',
  title: 'the path that is checked is the path that goes upstream, and underscores are refused',
  why: '%2F means one thing to whoever checks and another to whoever serves; some servers read impersonate_user as impersonate-user.',
  fix: 'Set ClientTrafficPolicy path.escapedSlashesAction: RejectRequest, and leave headers.withUnderscoresAction at RejectRequest.',
  source: api,
  check: (manifests) =>
    ofSome(manifests, 'ClientTrafficPolicy', (spec) => {
      const slashes = at(spec, 'path', 'escaped_slashes_action');
      const underscores = at(spec, 'headers', 'with_underscores_action');
      return [
        ...brokenIf(slashes.value !== 'RejectRequest', slashes, `it is ${shown(slashes)}`),
        ...brokenIf(underscores.value === 'Allow', underscores, 'it is Allow'),
      ];
    }),
};

const finisher: ManifestRule = {
  id: 'E11',
  severity: 'error',
  title: 'the finisher runs after the check',
  why: 'Without it a user has no groups. Lua is off in Envoy Gateway unless it is turned on; the limit of headers is a patch.',
  fix: 'Set extensionApis.enableLua in the EnvoyGateway, put envoy/finisher.lua into an EnvoyExtensionPolicy with the same target, and raise max_headers_count by an EnvoyPatchPolicy.',
  source: api,
  check: (manifests) => {
    const [extAuth] = asking(manifests);
    if (!extAuth) return [];
    const scripts = ofKind(manifests, 'EnvoyExtensionPolicy').flatMap(({ field }) =>
      items(at(field, 'spec', 'lua')),
    );
    const gateways = ofKind(manifests, 'EnvoyGateway').map(({ field }) =>
      at(field, 'extension_apis', 'enable_lua'),
    );
    const isPatched = ofKind(manifests, 'EnvoyPatchPolicy').some(({ field }) =>
      JSON.stringify(field.value).includes('max_headers_count'),
    );
    return [
      ...brokenIf(scripts.length === 0, extAuth, 'no EnvoyExtensionPolicy here has a Lua script'),
      ...gateways
        .filter((field) => !isTrue(field))
        .map((field) => ({ field, found: 'Lua is not turned on' })),
      ...(isPatched
        ? []
        : [
            {
              field: extAuth,
              severity: 'warning' as const,
              found: 'no EnvoyPatchPolicy here raises max_headers_count',
            },
          ]),
    ];
  },
};

export const besidePolicyRules: readonly ManifestRule[] = [
  upgrades,
  protocol,
  timeouts,
  paths,
  finisher,
];
