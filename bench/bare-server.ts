/**
 * What gRPC itself costs: a server that parses each CheckRequest with the same protos on the same grpc-js, and answers with one
 * reply that is serialised each time. `node bench/bare-server.ts PORT REPLY_FILE`, the file holding the reply's bytes.
 */
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import {
  authorizationServiceName,
  healthServiceName,
  loadService,
  type CheckResponse,
} from '../src/transport/proto.ts';
import { checkMethod } from './check-request.ts';

const [port = '', replyFile = ''] = process.argv.slice(2);
const reply = checkMethod.responseDeserialize(readFileSync(replyFile));

const server = new Server();
server.addService(loadService('external_auth', authorizationServiceName), {
  Check: (_: unknown, send: sendUnaryData<CheckResponse>) => send(null, reply),
});
server.addService(loadService('health', healthServiceName), {
  Check: (_: unknown, send: sendUnaryData<object>) => send(null, { status: 'SERVING' }),
});
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
