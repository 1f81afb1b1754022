// What our own account may not do of what the configuration needs, as the API server says.
import type { Config } from '../config/config.ts';
import { isRecord } from '../identity/claims.ts';
import { createKubeClient, type KubeClient } from '../kube/client.ts';
import type { ClusterAccess } from '../kube/cluster-access.ts';
import { errorMessage } from '../lib/error-message.ts';
import { permissionsFor, tokenPermissionsFor } from '../rbac/permissions.ts';
import type { RefusedFact } from './installation.ts';

interface Asked {
  readonly client: KubeClient;
  readonly access: ClusterAccess;
  /** What goes upstream. */
  readonly token: string | undefined;
}

const patienceMs = 10_000;

interface Question {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly verb: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Each right that `rbac` would print, asked of whom it is for. */
export async function refusals(
  config: Config,
  { client, access, token }: Asked,
): Promise<readonly RefusedFact[]> {
  const all = questionsFor(config);
  const upstream = createKubeClient(token === undefined ? access : withToken(access, token));
  try {
    const facts = await Promise.all(
      all.map(async (question) => {
        const isUpstream = question.verb === 'impersonate';
        if (isUpstream && token === undefined) return [];
        const answer = await mayDo(isUpstream ? upstream : client, question);
        return answer === true
          ? []
          : [{ permission: textOf(question), isUpstream, fault: answer || undefined }];
      }),
    );
    return facts.flat();
  } finally {
    upstream.stop();
  }
}

function questionsFor(config: Config): readonly Question[] {
  const needs = { ...config, token: config.kubernetes.token };
  const everywhere = permissionsFor(needs).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((one) => verbs.map((verb) => ({ group, verb, ...resourceOf(one) }))),
    ),
  );
  const tokens = tokenPermissionsFor(needs).flatMap(({ namespace, rule }) =>
    rule.resourceNames.map((name) => ({
      group: '',
      verb: 'create',
      namespace,
      name,
      ...resourceOf('serviceaccounts/token'),
    })),
  );
  return [...everywhere, ...tokens];
}

/** A subresource is after the first slash: keys of extras have more of them. */
function resourceOf(text: string): Pick<Question, 'resource' | 'subresource'> {
  const slash = text.indexOf('/');
  return slash < 0
    ? { resource: text }
    : { resource: text.slice(0, slash), subresource: text.slice(slash + 1) };
}

function textOf({ verb, resource, subresource, namespace, name }: Question): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return [verb, what, ...(name === undefined ? [] : [`of ${namespace}/${name}`])].join(' ');
}

/** Yes, no (empty) or why nobody can say. */
async function mayDo(client: KubeClient, resourceAttributes: Question): Promise<true | string> {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  try {
    const { status, content } = await client.post(path, review, AbortSignal.timeout(patienceMs));
    if (status === 401) return 'the API server does not take the token (401)';
    if (status !== 201) return `the API server answers ${status}`;
    const answer =
      isRecord(content) && isRecord(content['status']) ? content['status']['allowed'] : undefined;
    return answer === true ? true : '';
  } catch (error) {
    return errorMessage(error);
  }
}

/** The same server, and a token in place of every other credential. */
function withToken(access: ClusterAccess, token: string): ClusterAccess {
  return {
    ...access,
    connection: async () => {
      const { server, options } = await access.connection();
      const { cert: _cert, key: _key, pfx: _pfx, passphrase: _passphrase, ...others } = options;
      return { server, options: others, headers: { Authorization: `Bearer ${token}` } };
    },
  };
}
