// What routes do to a request after it was checked, and ways around the check.
import { at, entries, isSet, items, text, type Field } from '../field.ts';
import type { Broken } from '../finding.ts';
import type { EnvoyConfig } from '../envoy-config.ts';
import { headerChanges, isIdentityHeader } from '../header-changes.ts';
import { httpFilters, type HttpFilter } from '../http-filters.ts';
import { forwarding, type Route } from '../routes.ts';
import { eachGuarded, scopesOf, sources, type EnvoyRule } from './envoy-rule.ts';

const pathRewrites = ['prefix_rewrite', 'regex_rewrite', 'path_rewrite_policy', 'path_rewrite'];
const hostRewrites = ['host_rewrite_literal', 'host_rewrite_header', 'host_rewrite_path_regex'];

const rewrites: EnvoyRule = {
  id: 'F27',
  severity: 'error',
  title: 'routes do not change what was checked',
  why: 'Rewrites, request_headers_to_add, request_headers_to_remove and filters of a cluster come after all other filters: the API server gets another path or identity than the one that was decided.',
  fix: 'Remove the rewrite or the filter, or the header from the list.',
  source: sources.routes,
  check: (config) => [
    ...eachGuarded(config, (manager) => [
      ...forwarding(manager.routes).flatMap(rewritesOf),
      ...scopesOf(manager).flatMap((scope) => identityChanges(scope)),
    ]),
    ...upstreamFilters(config).flatMap((filter) => headerChanges(filter, 'after')),
  ],
};

/** Clusters may have filters of their own, which run after the router. */
function upstreamFilters({ apiClusters }: EnvoyConfig): readonly HttpFilter[] {
  return apiClusters.flatMap((cluster) =>
    entries(at(cluster.config, 'typed_extension_protocol_options')).flatMap(([, options]) =>
      httpFilters(at(options, 'http_filters')),
    ),
  );
}

function rewritesOf({ action }: Route): readonly Broken[] {
  const paths = pathRewrites.map((name) => at(action, name)).filter(isSet);
  const hosts = hostRewrites.map((name) => at(action, name)).filter(isSet);
  return [
    ...paths.map((field) => ({ field, found: 'the path is rewritten after the check' })),
    ...hosts.map((field) => {
      return {
        field,
        severity: 'warning' as const,
        found: 'the host is rewritten after the check',
      };
    }),
  ];
}

/** A token that is added is another rule's. */
function identityChanges(scope: Field): readonly Broken[] {
  const removed = items(at(scope, 'request_headers_to_remove'));
  const names = [...removed, ...addedNames(scope).filter((name) => !isAuthorization(name))];
  return names
    .filter((name) => isIdentityHeader(text(name) ?? ''))
    .map((field) => ({ field, found: `${text(field)} is changed after the check` }));
}

function addedNames(scope: Field): readonly Field[] {
  return items(at(scope, 'request_headers_to_add')).map((one) => at(one, 'header', 'key'));
}

function isAuthorization(name: Field): boolean {
  return text(name)?.toLowerCase() === 'authorization';
}

const injector: EnvoyRule = {
  id: 'F28',
  severity: 'error',
  title: 'the token that goes upstream comes from the reply of kube-ext-authz alone',
  why: "A token that Envoy adds by itself goes out with a request that was never checked: the proxy's own account.",
  fix: 'Remove the credential injector, and every request_headers_to_add of authorization.',
  source:
    'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/credential_injector_filter',
  check: (config) => {
    const all = [...config.guarded.flatMap(({ filters }) => filters), ...upstreamFilters(config)];
    const filters = all
      .filter(({ type }) => type === 'CredentialInjector' || type === 'GcpAuthnFilterConfig')
      .map(({ entry, name }) => ({ field: entry, found: `${name} adds a credential` }));
    return [...filters, ...addedTokens(config)];
  },
};

function addedTokens(config: EnvoyConfig): readonly Broken[] {
  return eachGuarded(config, (manager) =>
    scopesOf(manager)
      .flatMap(addedNames)
      .filter(isAuthorization)
      .map((field) => ({ field, found: 'a route adds a credential' })),
  );
}

/** What can be repeated because nothing was sent. */
const harmless: ReadonlySet<string> = new Set([
  'connect-failure',
  'refused-stream',
  'reset-before-request',
  'envoy-ratelimited',
]);

const retries: EnvoyRule = {
  id: 'F31',
  severity: 'warning',
  title: 'requests to the API server are not sent twice',
  why: 'A retry after the request was sent may create or delete twice, and exec again.',
  fix: 'Remove retry_policy, or leave connect-failure,refused-stream in its retry_on alone.',
  source: sources.routes,
  check: (config) =>
    eachGuarded(config, (manager) =>
      [...scopesOf(manager), ...forwarding(manager.routes).map(({ action }) => action)]
        .map((scope) => at(scope, 'retry_policy', 'retry_on'))
        .flatMap((field) => {
          const risky = (text(field) ?? '')
            .split(',')
            .map((one) => one.trim())
            .filter((one) => one !== '' && !harmless.has(one));
          return risky.length > 0 ? [{ field, found: `it retries on ${risky.join(', ')}` }] : [];
        }),
    ),
};

export const afterTheCheckRules: readonly EnvoyRule[] = [rewrites, injector, retries];
