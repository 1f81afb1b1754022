// grpc.health.v1: Envoy stops asking a process that says NOT_SERVING, so that none of its checks is lost.
import {
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { authorizationServiceName, healthServiceName } from './proto.ts';

export interface HealthRequest {
  readonly service?: string;
}

export interface HealthResponse {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

export interface Health {
  readonly check: (
    call: ServerUnaryCall<HealthRequest, HealthResponse>,
    reply: sendUnaryData<HealthResponse>,
  ) => void;
  readonly watch: (call: ServerWritableStream<HealthRequest, HealthResponse>) => void;
  /** Tells the watchers when the answer has changed. */
  readonly update: () => void;
  /** Ends the watches, which would keep the server from closing. */
  close(): void;
}

/** The empty name stands for the server as a whole. */
const services: readonly string[] = ['', authorizationServiceName, healthServiceName];

/** Health that is what `isServing` says. */
export function createHealth(isServing: () => boolean): Health {
  const watchers = new Map<ServerWritableStream<HealthRequest, HealthResponse>, string>();
  const current = (service: string): HealthResponse => {
    if (!services.includes(service)) return { status: 'SERVICE_UNKNOWN' };
    return { status: isServing() ? 'SERVING' : 'NOT_SERVING' };
  };
  const tell = (call: ServerWritableStream<HealthRequest, HealthResponse>): void => {
    const response = current(call.request.service ?? '');
    if (watchers.get(call) === response.status) return;
    watchers.set(call, response.status);
    call.write(response);
  };
  return {
    check: ({ request }, reply) => {
      const { service = '' } = request;
      if (services.includes(service)) reply(null, current(service));
      else reply({ code: status.NOT_FOUND, details: `no service ${JSON.stringify(service)}` });
    },
    watch: (call) => {
      call.on('cancelled', () => watchers.delete(call)).on('error', () => watchers.delete(call));
      tell(call);
    },
    update: () => {
      for (const call of watchers.keys()) tell(call);
    },
    close: () => {
      for (const call of watchers.keys()) call.end();
      watchers.clear();
    },
  };
}
