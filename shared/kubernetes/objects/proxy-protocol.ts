/** Whether the configuration of a proxy expects the PROXY protocol at all its TCP listeners. */
import type { JsonObject } from '../../domain/json-object.ts';
import { readRecord } from './read.ts';

/** `gatewayTopology.proxyProtocol`; an empty object counts. */
export function expectsProxyProtocol(proxyConfig: JsonObject): boolean {
  const setting = readRecord(proxyConfig['gatewayTopology'])['proxyProtocol'];
  return setting !== undefined && setting !== null && setting !== false;
}
