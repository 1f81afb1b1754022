// Our own side: the API server, our account, issuers, keys, files, the gRPC door.
import { readHostPort } from '../host-port.ts';
import { isLocal } from '../clusters.ts';
import { age } from '../age.ts';
import { configField } from '../installation.ts';
import { brokenIf } from '../finding.ts';
import { fileRules } from './keys-and-files.ts';
import type { OurRule } from './our-rule.ts';

const kubernetes = 'https://kubernetes.io/docs';
const apiServer: OurRule = {
  id: 'K1',
  severity: 'error',
  title: 'the API server can be asked',
  why: 'Reviews, and so `kubectl --as` and tokens of no issuer, need its answer.',
  fix: 'Correct the address, the CA or the credential of kubernetes.kubeconfig, or run as a Pod with a service account.',
  source: `${kubernetes}/concepts/configuration/organize-cluster-access-kubeconfig/`,
  check: ({ apiServer: { field, fault } }) => brokenIf(fault !== undefined, field, fault ?? ''),
};

const permissions: OurRule = {
  id: 'K2',
  severity: 'error',
  title: 'our account has the rights that the configuration needs',
  why: 'Without the right to impersonate a user, a group or an extra, every request that has one gets 403 from the API server; without the one for reviews, 503.',
  fix: 'Apply what `kube-ext-authz rbac --config FILE` prints, with --service-account as the account that is meant.',
  source: `${kubernetes}/reference/access-authn-authz/user-impersonation/`,
  check: ({ apiServer: { refused }, ownToken }) =>
    refused.map(({ permission, isUpstream, fault }) => ({
      field: isUpstream ? ownToken.field : configField('kubernetes', 'kubeconfig'),
      found:
        fault === undefined
          ? `it may not ${permission}`
          : `whether it may ${permission} is not known: ${fault}`,
    })),
};

const ownToken: OurRule = {
  id: 'K3',
  severity: 'error',
  title: 'our own token is there, is renewed and ends some day',
  why: 'It goes upstream with every request; without a valid one every request gets 503, and one without end is worth stealing for ever.',
  fix: 'Use a projected service-account token (the kubelet renews it) or kubernetes.token.tokenRequest.',
  source: `${kubernetes}/concepts/storage/projected-volumes/#serviceaccounttoken`,
  check: ({ ownToken: { field, fault, issuedAt, expiry }, now }) => {
    if (fault !== undefined) return [{ field, found: fault }];
    const seconds = now / 1000;
    if (expiry === undefined)
      return [{ field, severity: 'warning', found: 'it does not say when it ends' }];
    if (expiry <= seconds) return [{ field, found: `it ended ${age(now - expiry * 1000)} ago` }];
    const lifetime = expiry - (issuedAt ?? seconds);
    // The kubelet renews at four fifths.
    const isLate = expiry - seconds < lifetime / 10;
    return isLate
      ? [
          {
            field,
            severity: 'warning',
            found: `it ends in ${age(expiry * 1000 - now)}, and was not renewed in time`,
          },
        ]
      : [];
  },
};

const issuers: OurRule = {
  id: 'K4',
  severity: 'error',
  title: 'every issuer gives its keys',
  why: 'Tokens of an issuer without keys get 503.',
  fix: 'Correct issuer.url, issuer.discoveryURL or issuer.certificateAuthority, or open the way to the issuer from here.',
  source: 'https://openid.net/specs/openid-connect-discovery-1_0.html',
  check: ({ issuers: all }) =>
    all.flatMap(({ field, name, fault }) =>
      fault === undefined ? [] : [{ field, found: `${name}: ${fault}` }],
    ),
};

const clock: OurRule = {
  id: 'K5',
  severity: 'warning',
  title: "our clock and the API server's agree",
  why: 'Tokens that are not valid yet, or not any more, are told by the clock.',
  fix: 'Run a time service (chrony, systemd-timesyncd) on both machines.',
  source: 'https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4',
  check: ({ apiServer: { field, skewMs = 0 } }) => {
    const size = Math.abs(skewMs);
    if (size <= 5_000) return [];
    const found = `ours is ${age(size)} ${skewMs > 0 ? 'behind' : 'ahead'}`;
    return [{ field, found, severity: size > 60_000 ? 'error' : 'warning' }];
  },
};

const grpcTls: OurRule = {
  id: 'K8',
  severity: 'error',
  title: 'the gRPC door is on this machine, or has TLS on both sides',
  why: 'Replies carry our own token: whoever can connect can ask for one with any token that is valid, whoever listens has it.',
  fix: 'Set grpc.address to 127.0.0.1 or a Unix socket, or set grpc.tls with clientCAFile.',
  source: 'https://grpc.io/docs/guides/auth/',
  check: ({ config: { grpc } }) => {
    if (isLocal(readHostPort(grpc.address))) return [];
    const found = `${grpc.address} can be reached by others`;
    if (!grpc.tls)
      return [{ field: configField('grpc', 'address'), found: `${found}, in plain text` }];
    const field = configField('grpc', 'tls');
    return brokenIf(
      grpc.tls.clientCAFile === undefined,
      field,
      `${found}, and no client certificate is asked for`,
    );
  },
};

const largest: OurRule = {
  id: 'K10',
  severity: 'info',
  title: 'the token of --token-file is one that the configuration takes',
  why: 'Its claims tell how large a request gets. Its signature, audience and times are not looked at.',
  fix: 'Nothing, when it is only a size; else correct the claims or the entry of jwt.',
  source: `${kubernetes}/reference/access-authn-authz/authentication/#using-authentication-configuration`,
  check: ({ identity }) => {
    if (!identity) return [];
    const { field, fault, lines, bytes } = identity;
    if (fault !== undefined) return [{ field, severity: 'warning', found: fault }];
    return [
      {
        field,
        found: `a request of this user has about ${lines} header lines, ${Math.ceil(bytes / 1024)} KiB`,
      },
    ];
  },
};

const told: OurRule = {
  id: 'K11',
  severity: 'info',
  title: 'nothing in the configuration is without effect',
  why: 'What kube-apiserver has a use for and this program has none may mislead whoever reads it.',
  fix: 'Remove it, or live with it.',
  source: `${kubernetes}/reference/config-api/apiserver-config.v1/`,
  check: ({ config }) =>
    config.warnings.map((found) => ({ field: configField('authentication', 'configFile'), found })),
};

export const ourRules: readonly OurRule[] = [
  apiServer,
  permissions,
  ownToken,
  issuers,
  clock,
  ...fileRules,
  grpcTls,
  largest,
  told,
];
