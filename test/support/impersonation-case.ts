/** One request that asks to be somebody else: who sends it, with which lines, and what it wants of the API. */
import type { AccountName } from './impersonation-manifests.ts';
import { team, type GrantName } from './impersonation-world.ts';

export type Line = readonly [name: string, value: string];

export interface ApiRequest {
  readonly method: string;
  /** With its query, if any. */
  readonly path: string;
  readonly body?: object;
}

/** Somebody with a token of the issuer, whose groups are grants; or a service account of the cluster. */
export type Requester =
  | {
      readonly name: string;
      readonly may: readonly GrantName[];
      readonly uid?: string;
      /** Values of the extra `example.com/team`. */
      readonly team?: readonly string[];
    }
  | { readonly account: AccountName | 'ourselves' | 'unknown' };

export interface Case {
  readonly requester: Requester;
  readonly lines: readonly Line[];
  readonly request: ApiRequest;
}

const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const pods = `/api/v1/namespaces/${team}/pods`;

function get(path: string): ApiRequest {
  return { method: 'GET', path };
}

export const whoAmI: ApiRequest = {
  method: 'POST',
  path: reviews,
  body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
};

/** What may be wanted besides; everybody who is authenticated may do all but the last two. */
export const requests = {
  pods: get(pods),
  'all pods': get('/api/v1/pods'),
  'pods of another namespace': get('/api/v1/namespaces/default/pods'),
  'one pod': get(`${pods}/hello`),
  'one pod of a list': get(`${pods}?fieldSelector=metadata.name%3Dhello`),
  'other pods of a list': get(`${pods}?fieldSelector=metadata.name%21%3Dhello&labelSelector=a`),
  'a log': get(`${pods}/hello/log`),
  'a watch': get(`${pods}?watch=1&timeoutSeconds=1`),
  'an old watch': get(`/api/v1/watch/namespaces/${team}/pods?timeoutSeconds=1`),
  'a collection': {
    method: 'DELETE',
    path: `/api/v1/namespaces/${team}/configmaps?dryRun=All`,
  },
  version: get('/version'),
  livez: get('/livez'),
  'a part of livez': get('/livez/ping'),
  discovery: get('/api/v1'),
  'first discovery': get('/apis'),
  head: { method: 'HEAD', path: '/version' },
  secrets: get(`/api/v1/namespaces/${team}/secrets`),
  metrics: get('/metrics'),
} as const satisfies Readonly<Record<string, ApiRequest>>;

export function user(name: string): Line {
  return ['Impersonate-User', name];
}

export function uid(text: string): Line {
  return ['Impersonate-Uid', text];
}

export function groups(...names: readonly string[]): readonly Line[] {
  return names.map((name) => ['Impersonate-Group', name]);
}

/** `key` as it stands in the header's name. */
export function extra(key: string, ...values: readonly string[]): readonly Line[] {
  return values.map((value) => [`Impersonate-Extra-${key}`, value]);
}

/** `example.com/team`, escaped. */
export const teamKey = 'example.com%2fteam';
