/** Objects of Istio and of Envoy Gateway that `doctor` finds nothing wrong with. */

const gateway = { name: 'api', namespace: 'istio-ingress' };
const labels = { istio: 'kube-api-gateway' };

export const istioObjects: readonly object[] = [
  {
    meshConfig: {
      pathNormalization: { normalization: 'MERGE_SLASHES' },
      extensionProviders: [
        {
          name: 'kube-authz',
          envoyExtAuthzGrpc: {
            service: 'kube-authz.auth.svc.cluster.local',
            port: 9001,
            timeout: '5s',
            failOpen: false,
            statusOnError: '503',
          },
        },
      ],
    },
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: gateway,
    spec: {
      selector: { matchLabels: labels },
      action: 'CUSTOM',
      provider: { name: 'kube-authz' },
      rules: [{}],
    },
  },
  {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: gateway,
    spec: {
      configPatches: [
        {
          patch: {
            value: {
              typed_config: {
                upgrade_configs: [{ upgrade_type: 'SPDY/3.1' }],
                common_http_protocol_options: { max_headers_count: 1000 },
              },
            },
          },
        },
        {
          patch: {
            value: {
              typed_config: {
                encode_raw_headers: true,
                validate_mutations: true,
                deny_at_disable: { default_value: true, runtime_key: 'x' },
              },
            },
          },
        },
        { patch: { value: { name: 'finisher', source: 'headers:remove("impersonate-user")' } } },
      ],
    },
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'auth' },
    spec: { mtls: { mode: 'STRICT' } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: gateway,
    spec: { template: { metadata: { labels } } },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-ingress' } },
];

const policy = { apiVersion: 'gateway.envoyproxy.io/v1alpha1', metadata: { name: 'api' } };
const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'api' }];

export const envoyGatewayObjects: readonly object[] = [
  {
    ...policy,
    kind: 'SecurityPolicy',
    spec: {
      targetRefs,
      extAuth: {
        failOpen: false,
        timeout: '5s',
        statusOnError: 503,
        grpc: { backendRefs: [{ name: 'kube-ext-authz', port: 9001 }] },
      },
    },
    status: { ancestors: [{ conditions: [{ type: 'Accepted', status: 'True' }] }] },
  },
  {
    ...policy,
    kind: 'BackendTrafficPolicy',
    spec: {
      targetRefs,
      useClientProtocol: true,
      httpUpgrade: [{ type: 'websocket' }, { type: 'spdy/3.1' }],
    },
  },
  {
    ...policy,
    kind: 'ClientTrafficPolicy',
    spec: {
      targetRefs,
      path: { escapedSlashesAction: 'RejectRequest' },
      timeout: { http: { streamIdleTimeout: '0s' } },
    },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'api' },
    spec: { rules: [{ timeouts: { request: '0s' } }] },
  },
  {
    ...policy,
    kind: 'EnvoyExtensionPolicy',
    spec: { targetRefs, lua: [{ type: 'ValueRef', valueRef: { name: 'finisher' } }] },
  },
  {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyGateway',
    extensionApis: { enableLua: true, enableEnvoyPatchPolicy: true },
  },
  {
    ...policy,
    kind: 'EnvoyPatchPolicy',
    spec: {
      targetRef: targetRefs[0],
      jsonPatches: [
        {
          operation: {
            op: 'add',
            path: '/common_http_protocol_options',
            value: { max_headers_count: 1000 },
          },
        },
      ],
    },
  },
];
