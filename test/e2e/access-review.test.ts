/** SubjectAccessReview by a real kube-apiserver: RBAC says yes and no to impersonation as its own filters would ask. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startCluster, type Cluster } from '../../lab/cluster.ts';
import { apply, createServiceAccountToken, serviceAccount } from '../../lab/kube.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { waitUntil } from '../../lab/process.ts';
import { replaceFile } from '../../lab/replace-file.ts';
import type { AccessAttributes } from '../../src/kube/access-attributes.ts';
import type { AccessSubject } from '../../src/kube/access-question.ts';
import {
  createAccessReviewer,
  type AccessAnswer,
  type AccessReviewer,
} from '../../src/kube/access-review.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { createClusterAccess } from '../../src/kube/cluster-access.ts';
import { deepFreeze } from '../../src/lib/deep-freeze.ts';
import { about } from '../support/access-reviews.ts';
import { denialOf } from '../support/denials.ts';

const namespace = 'default';
const progress = (): void => undefined;

/** In the group that the rules below are for. */
const helper: AccessSubject = deepFreeze({
  username: 'helper',
  uid: 'u-1',
  groups: ['helpdesk', 'system:authenticated'],
  extra: { 'example.com/ticket': ['7'] },
});
const stranger: AccessSubject = deepFreeze({ ...helper, groups: ['system:authenticated'] });

const authentication = { group: 'authentication.k8s.io', version: 'v1' };
const extra = (subresource: string, name: string): AccessAttributes =>
  about({ ...authentication, resource: 'userextras', subresource, name });
const pods = { verb: 'list', version: 'v1', resource: 'pods', namespace, name: '' };

const questions: readonly (readonly [what: string, asked: AccessAttributes, allowed: boolean])[] = [
  ['a user by name', about({ resource: 'users', name: 'alice' }), true],
  ['another user', about({ resource: 'users', name: 'bob' }), false],
  ['a user by another verb', about({ verb: 'get', resource: 'users', name: 'alice' }), false],
  ['a user in a namespace', about({ resource: 'users', name: 'alice', namespace }), true],
  ['a group', about({ name: 'dev' }), true],
  ['the group that may do all', about({ name: 'system:masters' }), false],
  ['a group whose name has a comma', about({ name: 'cn=a,ou=b' }), true],
  ["an extra's value", extra('example.com/scopes', 'view'), true],
  ['another value of that extra', extra('example.com/scopes', 'edit'), false],
  ['the value under another key', extra('example.com/scope', 'view'), false],
  ['the extra without a key', extra('', 'view'), false],
  ['a uid', about({ ...authentication, resource: 'uids', name: 'u-2' }), true],
  [
    'a service account of the namespace',
    about({ resource: 'serviceaccounts', namespace, name: 'robot' }),
    true,
  ],
  [
    'its namesake elsewhere',
    about({ resource: 'serviceaccounts', namespace: 'kube-system', name: 'robot' }),
    false,
  ],
  ['a path', { kind: 'path', verb: 'get', path: '/debug/pprof' }, true],
  ['a path below it', { kind: 'path', verb: 'get', path: '/debug/pprof/heap' }, false],
  ['a path by another verb', { kind: 'path', verb: 'post', path: '/debug/pprof' }, false],
  ['a list of pods', about(pods), true],
  [
    'a list of some pods',
    about({ ...pods, fieldSelector: 'spec.nodeName=n', labelSelector: 'app in (a,b),!c' }),
    true,
  ],
];

describe('SubjectAccessReview by kube-apiserver', () => {
  const dir = mkdtempSync(join(tmpdir(), 'access-review-'));
  const clients: KubeClient[] = [];
  let cluster: Cluster;
  let reviewer: AccessReviewer;
  before(async () => {
    const parts = await provideParts(['etcd', 'kube-apiserver', 'kubectl', 'kwok'], progress);
    cluster = await startCluster({ dir, parts, progress, kwok: false });
    await apply(cluster, manifests);
    reviewer = await open('reviewer');
    const asked = about({ resource: 'users', name: 'alice' });
    await waitUntil('RBAC to know', async () => (await review(helper, asked)).allowed);
  });
  after(async () => {
    for (const client of clients) client.stop();
    await cluster.stop();
    rmSync(dir, { recursive: true });
  });

  /** One that asks as this service account, or with this token. */
  async function open(account: string, token?: string): Promise<AccessReviewer> {
    const tokenFile = join(dir, `${account}.token`);
    replaceFile(tokenFile, token ?? (await createServiceAccountToken(cluster, namespace, account)));
    const { server, caFile } = cluster;
    writeKubeconfig({ file: `${tokenFile}.kubeconfig`, server, caFile, tokenFile });
    const client = createKubeClient(createClusterAccess(`${tokenFile}.kubeconfig`));
    clients.push(client);
    const ttls = { allowCacheTtlMs: 0, denyCacheTtlMs: 0 };
    return createAccessReviewer({ client, timeoutMs: 30_000, ...ttls });
  }

  function review(
    subject: AccessSubject,
    asked: AccessAttributes,
    by = reviewer,
  ): Promise<AccessAnswer> {
    return by.review(subject, asked, { deadline: Date.now() + 30_000 });
  }

  for (const [what, asked, allowed] of questions) {
    it(`${allowed ? 'allows' : 'denies'} ${what}`, async () => {
      const answer = await review(helper, asked);
      assert.equal(answer.allowed, allowed);
      assert.equal(answer.evaluationError, '');
      assert.match(answer.reason, allowed ? /^RBAC: allowed by .*"helpdesk"/ : /^$/);
      assert.equal((await review(stranger, asked)).allowed, false);
    });
  }

  it('knows who may do all, and takes nobody without a name or a group', async () => {
    const nobody = { username: '', uid: '', groups: [], extra: {} };
    const master = { ...nobody, groups: ['system:masters'] };
    assert.equal((await review(master, about())).allowed, true);
    const { reason, message } = await denialOf(() => review(nobody, about()));
    assert.equal(reason, 'review_unavailable');
    assert.match(message, /answered 422/);
  });

  it('takes no yes for an answer when a selector is none: it was asked about something else', async () => {
    for (const selectors of [{ labelSelector: '!!' }, { fieldSelector: 'a' }]) {
      const { reason, cause } = await denialOf(() =>
        review(helper, about({ ...pods, ...selectors })),
      );
      assert.equal(reason, 'review_unavailable');
      assert.match(String(cause), /ignored due to parse error/);
    }
  });

  it('answers many at once, each its own', async () => {
    const names = Array.from({ length: 500 }, (_, index) => (index % 2 ? 'dev' : `no-${index}`));
    const answers = await Promise.all(
      names.map((name, index) => review({ ...helper, uid: `u-${index}` }, about({ name }))),
    );
    assert.deepEqual(
      answers.map(({ allowed }) => allowed),
      names.map((name) => name === 'dev'),
    );
  });

  it('refuses a reviewer without the permission, and one without an account', async () => {
    const powerless = await open('powerless');
    const lacking = await denialOf(() => review(helper, about(), powerless));
    assert.equal(lacking.reason, 'review_unavailable');
    assert.match(
      lacking.message,
      /permission to create subjectaccessreviews\.authorization\.k8s\.io/,
    );
    assert.match(String(lacking.cause), /"system:serviceaccount:default:powerless" cannot create/);
    const unknown = await open('unknown', 'not-a-token-of-this-cluster');
    // kube-apiserver closes the connection of whom it doesn't know, again and again.
    for (const _ of ['first', 'second', 'third']) {
      const denial = await denialOf(() => review(helper, about(), unknown));
      assert.equal(denial.reason, 'review_unavailable');
      assert.match(denial.message, /own credentials/);
    }
  });
});

const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
const apiGroup = 'rbac.authorization.k8s.io';
const verbs = ['impersonate'];

const manifests = [
  serviceAccount(namespace, 'reviewer'),
  serviceAccount(namespace, 'powerless'),
  {
    ...rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'review-access' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'system:auth-delegator' },
    subjects: [{ kind: 'ServiceAccount', namespace, name: 'reviewer' }],
  },
  {
    ...rbac,
    kind: 'ClusterRole',
    metadata: { name: 'helpdesk' },
    rules: [
      { apiGroups: [''], resources: ['users'], verbs, resourceNames: ['alice'] },
      { apiGroups: [''], resources: ['groups'], verbs, resourceNames: ['dev', 'cn=a,ou=b'] },
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['userextras/example.com/scopes'],
        verbs,
        resourceNames: ['view'],
      },
      { apiGroups: ['authentication.k8s.io'], resources: ['uids'], verbs },
      { nonResourceURLs: ['/debug/pprof'], verbs: ['get'] },
    ],
  },
  {
    ...rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'helpdesk' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'helpdesk' },
    subjects: [{ apiGroup, kind: 'Group', name: 'helpdesk' }],
  },
  {
    ...rbac,
    kind: 'Role',
    metadata: { namespace, name: 'helpdesk' },
    rules: [
      { apiGroups: [''], resources: ['serviceaccounts'], verbs },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    ],
  },
  {
    ...rbac,
    kind: 'RoleBinding',
    metadata: { namespace, name: 'helpdesk' },
    roleRef: { apiGroup, kind: 'Role', name: 'helpdesk' },
    subjects: [{ apiGroup, kind: 'Group', name: 'helpdesk' }],
  },
];
