/** What tokens of pipelines and Pods say, as their vendors document it, and how they look after each mistake. */
import { credential, everybody, jti, lasting, type RecipeCase } from './recipe-case.ts';

/** https://docs.github.com/en/actions/reference/security/oidc */
export const github: RecipeCase = {
  heading: 'GitHub Actions',
  entry: 'github-actions',
  good: {
    ...lasting(300),
    jti,
    sub: 'repo:octo-org/octo-repo:environment:production',
    aud: 'kubernetes-production',
    actor: 'octocat',
    actor_id: '12',
    base_ref: '',
    environment: 'production',
    event_name: 'push',
    head_ref: '',
    job_workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
    ref: 'refs/heads/main',
    ref_type: 'branch',
    repository: 'octo-org/octo-repo',
    repository_id: '74',
    repository_owner: 'octo-org',
    repository_owner_id: '65',
    repository_visibility: 'private',
    run_attempt: '2',
    run_id: '1658821493',
    run_number: '10',
    runner_environment: 'github-hosted',
    workflow: 'deploy',
    workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
  },
  upstream: {
    'impersonate-user': ['github:74:production'],
    'impersonate-group': [everybody],
    'impersonate-extra-github.com%2frepository': ['octo-org/octo-repo'],
    'impersonate-extra-github.com%2frun-id': ['1658821493'],
    'impersonate-extra-github.com%2factor-id': ['12'],
    [credential]: [`JTI=${jti}`],
  },
  mistakes: {
    "No `&audience=`: `aud` is then the owner's URL": () => ({
      aud: 'https://github.com/octo-org',
    }),
    'Somebody else has taken the name of the repository that was renamed': () => ({
      repository_id: '9001',
      repository_owner_id: '9000',
    }),
    'The repository was transferred to another owner': () => ({
      repository: 'other-org/octo-repo',
      repository_owner: 'other-org',
      repository_owner_id: '66',
      sub: 'repo:other-org@66/octo-repo@74:environment:production',
    }),
    'It was deleted and created again under its name': () => ({ repository_id: '75' }),
    "A pull request whose job names the environment: `sub` doesn't show it": () => ({
      event_name: 'pull_request',
      ref: 'refs/pull/7/merge',
      head_ref: 'feature',
      base_ref: 'main',
    }),
    '`pull_request_target`, which runs on the base branch': () => ({
      event_name: 'pull_request_target',
      head_ref: 'feature',
      base_ref: 'main',
    }),
    'A push to another branch, or a tag': () => ({ ref: 'refs/tags/main', ref_type: 'tag' }),
    'The job has no `environment:`': () => ({
      environment: undefined,
      sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
    }),
    'The job names another environment': () => ({
      environment: 'staging',
      sub: 'repo:octo-org/octo-repo:environment:staging',
    }),
    'Another workflow file of the same branch': () => ({
      job_workflow_ref: 'octo-org/octo-repo/.github/workflows/other.yml@refs/heads/main',
    }),
    'An issuer of GitHub Enterprise Server (`https://HOST/_services/token`)': (url) => ({
      iss: `${url}/_services/token`,
    }),
  },
};

/** https://docs.gitlab.com/ci/secrets/id_token_authentication */
export const gitlab: RecipeCase = {
  heading: 'GitLab CI',
  entry: 'gitlab-ci',
  good: {
    ...lasting(1800),
    jti,
    sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
    aud: 'kubernetes-production',
    namespace_id: '72',
    namespace_path: 'my-group',
    project_id: '20',
    project_path: 'my-group/my-project',
    user_id: '1',
    user_login: 'sample-user',
    user_email: 'sample-user@example.com',
    pipeline_id: '574',
    pipeline_source: 'push',
    job_id: '302',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    environment: 'production',
    environment_protected: 'true',
    deployment_tier: 'production',
    runner_id: 1,
    runner_environment: 'self-hosted',
    sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  },
  upstream: { account: 'default/shop-production' },
  mistakes: {
    '`CI_JOB_JWT_V2` of older versions: `aud` is the instance': (url) => ({ aud: url }),
    'A token without `aud`': () => ({ aud: undefined }),
    '`CI_JOB_JWT` of older versions: `iss` is the bare host': (url) => ({
      iss: new URL(url).host,
      aud: undefined,
      sub: 'job_302',
    }),
    'The project was moved to another group': () => ({
      namespace_id: '73',
      namespace_path: 'other-group',
      project_path: 'other-group/my-project',
    }),
    'Another project that has taken the path of one that was renamed': () => ({ project_id: '21' }),
    "A fork's pipeline: its own `project_id`, also for merge requests since 18.2.2": () => ({
      project_id: '99',
      ref: 'feature',
      pipeline_source: 'merge_request_event',
      ref_protected: 'false',
    }),
    "A fork's merge request in GitLab before that, with the target's `project_id`": () => ({
      pipeline_source: 'merge_request_event',
    }),
    'A branch that is not protected': () => ({ ref: 'feature', ref_protected: 'false' }),
    'A tag, even a protected one': () => ({ ref_type: 'tag', ref: 'main' }),
    'Another environment, such as that of a review': () => ({ environment: 'review/feature' }),
    'The job has no `environment:`': () => ({ environment: undefined }),
    'A job whose timeout is longer': () => lasting(10_800),
  },
};

const bound = {
  namespace: 'default',
  node: { name: 'node-1', uid: '5d1f0f9e-8c55-4a42-a9c1-4c8d3a3b2f10' },
  pod: { name: 'worker-0', uid: '90ab3c1e-7f6d-4f26-8d57-cc1f8a1b5e42' },
  serviceaccount: { name: 'robot', uid: '7f0c1a52-3c1d-4e0b-8f57-2f3a90b1c6d4' },
};

/** kube-apiserver's own tokens (pkg/serviceaccount/claims.go). */
export const managed: RecipeCase = {
  heading: 'Pods of EKS, GKE and AKS',
  entry: 'managed',
  good: {
    ...lasting(3600),
    jti,
    sub: 'system:serviceaccount:default:robot',
    aud: ['kubernetes-production'],
    'kubernetes.io': bound,
  },
  upstream: {
    'impersonate-user': ['managed:system:serviceaccount:default:robot'],
    'impersonate-group': [everybody],
    'impersonate-extra-managed.example.com%2fpod': ['worker-0'],
    [credential]: [`JTI=${jti}`],
  },
  mistakes: {
    'The token that every Pod has, for its own API server': (url) => ({ aud: [url] }),
    'The token for the cloud itself (`sts.amazonaws.com`)': () => ({ aud: ['sts.amazonaws.com'] }),
    'Another account of the cluster': () => ({ sub: 'system:serviceaccount:default:other' }),
    'The account was deleted, and somebody made one of the same name': () => ({
      'kubernetes.io': {
        ...bound,
        serviceaccount: { name: 'robot', uid: 'c0ffee00-3c1d-4e0b-8f57-2f3a90b1c6d4' },
      },
    }),
    'A token of `kubectl create token`, which is bound to no Pod': () => ({
      'kubernetes.io': { namespace: 'default', serviceaccount: bound.serviceaccount },
    }),
    '`expirationSeconds` of a day': () => lasting(86_400),
    "AKS's URL without its last slash": (url) => ({ iss: url.replace(/\/$/, '') }),
  },
};
