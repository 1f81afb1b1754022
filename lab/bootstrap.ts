/** Fills in envoy/bootstrap.yaml. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Where a process of kube-ext-authz listens. */
export type AuthzEndpoint =
  { readonly address: string; readonly port: number } | { readonly pipe: string };

export interface AuthzTls {
  readonly caFile: string;
  /** What the server's certificate must name: a DNS name or an IP address. */
  readonly serverName: string;
  /** Envoy's own certificate, when the server asks for one. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface BootstrapValues {
  /** Default 127.0.0.1. */
  readonly listenAddress?: string;
  /** Default 0: Envoy takes a free one. */
  readonly port?: number;
  /** Certificate and key that clients see. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly apiServer: {
    readonly address: string;
    readonly port: number;
    readonly caFile: string;
    /** What its certificate must name; default: `address`. */
    readonly serverName?: string;
  };
  readonly authz: { readonly endpoints: readonly AuthzEndpoint[]; readonly tls?: AuthzTls };
  /** Path of the access log. */
  readonly accessLog: string;
}

const folder = new URL('../envoy/', import.meta.url);
const typePrefix = 'type.googleapis.com/envoy.extensions.transport_sockets';

/** The complete bootstrap as YAML; throws when template and values don't fit each other. */
export function renderBootstrap(values: BootstrapValues): string {
  const { apiServer, authz } = values;
  const serverName = apiServer.serverName ?? apiServer.address;
  return fillIn(readFileSync(new URL('bootstrap.yaml', folder), 'utf8'), {
    listenAddress: values.listenAddress ?? '127.0.0.1',
    listenPort: values.port ?? 0,
    certFile: values.certFile,
    keyFile: values.keyFile,
    accessLog: values.accessLog,
    finisher: fileURLToPath(new URL('finisher.lua', folder)),
    authzClusterType: clusterType(authz.endpoints),
    authzEndpoints: authz.endpoints.map(lbEndpoint),
    authzTransportSocket: authzTransportSocket(authz.tls),
    apiServerClusterType: clusterType([apiServer]),
    apiServerAddress: apiServer.address,
    apiServerPort: apiServer.port,
    apiServerCa: apiServer.caFile,
    apiServerSan: subjectAltName(serverName),
    apiServerSni: isIP(serverName) ? '' : serverName,
  });
}

/** Puts each value, as JSON, in the place of its `${name}`; throws when either has no counterpart. */
export function fillIn(template: string, values: Readonly<Record<string, unknown>>): string {
  const unused = new Set(Object.keys(values));
  const text = template.replaceAll(/\$\{(\w*)\}/g, (_, name: string) => {
    if (!Object.hasOwn(values, name)) throw new Error(`the template asks for an unknown "${name}"`);
    unused.delete(name);
    return JSON.stringify(values[name]);
  });
  if (unused.size > 0) throw new Error(`the template has no place for ${[...unused].join(', ')}`);
  return text;
}

/** A host name needs DNS; an address or a socket must not be looked up. */
function clusterType(endpoints: readonly AuthzEndpoint[]): 'STATIC' | 'STRICT_DNS' {
  const known = endpoints.every((to) => 'pipe' in to || isIP(to.address) !== 0);
  return known ? 'STATIC' : 'STRICT_DNS';
}

function lbEndpoint(to: AuthzEndpoint): unknown {
  const address =
    'pipe' in to
      ? { pipe: { path: to.pipe } }
      : { socket_address: { address: to.address, port_value: to.port } };
  return { endpoint: { address } };
}

function subjectAltName(name: string): unknown {
  return { san_type: isIP(name) ? 'IP_ADDRESS' : 'DNS', matcher: { exact: name } };
}

function authzTransportSocket(tls: AuthzTls | undefined): unknown {
  if (!tls) {
    const type = `${typePrefix}.raw_buffer.v3.RawBuffer`;
    return { name: 'envoy.transport_sockets.raw_buffer', typed_config: { '@type': type } };
  }
  const { caFile, serverName, certFile, keyFile } = tls;
  const client =
    certFile === undefined || keyFile === undefined
      ? []
      : [{ certificate_chain: { filename: certFile }, private_key: { filename: keyFile } }];
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `${typePrefix}.tls.v3.UpstreamTlsContext`,
      sni: isIP(serverName) ? '' : serverName,
      common_tls_context: {
        alpn_protocols: ['h2'],
        tls_certificates: client,
        validation_context: {
          trusted_ca: { filename: caFile },
          match_typed_subject_alt_names: [subjectAltName(serverName)],
        },
      },
    },
  };
}
