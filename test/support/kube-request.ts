/** Requests as the decision sees them. */
import type { ClientHeaders, KubeRequest } from '../../src/request/request.ts';

const noHeaders: ClientHeaders = {
  authorization: [],
  connection: [],
  upgrade: [],
  subprotocols: [],
  identityNames: [],
  impersonation: [],
  joined: false,
  undecodable: [],
};

export const bearer = ['Bearer token'];

/** A request with a token, and with the given headers. */
export function kubeRequest(
  headers: Partial<ClientHeaders> = {},
  path = '/api/v1/pods',
): KubeRequest {
  return {
    method: 'GET',
    path,
    requestID: 'request-1',
    source: { peer: '192.0.2.7', forwardedFor: '203.0.113.9' },
    headers: { ...noHeaders, authorization: bearer, ...headers },
  };
}
