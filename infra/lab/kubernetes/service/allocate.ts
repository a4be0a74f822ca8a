/**
 * Cluster addresses and node ports. Always allocates the lowest free one, so that each lab gives
 * the same result.
 */
import { fieldAt, textAt } from '../fields.ts';
import type { Cause, Fields, KubernetesObject } from '../types.ts';
import {
  nodePortOf,
  portsOf,
  specOf,
  typeOf,
  wantsHealthCheckPort,
  wantsNodePorts,
  withSpec,
} from './spec.ts';

const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;
/** Leaves the range below for well-known Services (10.96.0.1, 10.96.0.10). */
const FIRST_ADDRESS = 16;

interface Claims {
  readonly addresses: ReadonlySet<string>;
  /** `TCP/30080`; a health check node port uses TCP. */
  readonly ports: Set<string>;
}

function claimsOf(others: readonly KubernetesObject[]): Claims {
  const addresses = new Set(others.map((service) => textAt(specOf(service), 'clusterIP')));
  const ports = others.flatMap((service) => {
    const health = Number(specOf(service)['healthCheckNodePort'] ?? 0);
    return [...portsOf(service).map((port) => claimed(port, nodePortOf(port))), `TCP/${health}`];
  });
  return { addresses, ports: new Set(ports) };
}

function claimed(port: Fields, number: number): string {
  return `${textAt(port, 'protocol') || 'TCP'}/${number}`;
}

/** The Service with its addresses and ports, and why it cannot have what it wants. */
export interface Allocation {
  readonly service: KubernetesObject;
  readonly causes: readonly Cause[];
}

/** Allocates what the Service lacks, or reports that a requested value is taken. */
export function allocate(
  service: KubernetesObject,
  others: readonly KubernetesObject[],
): Allocation {
  const claims = claimsOf(others);
  const causes: Cause[] = [];
  let spec = withAddress(specOf(service), { type: typeOf(service), claims, causes });
  const ports = withNodePorts(service, claims, causes);
  if (ports.length > 0) spec = { ...spec, ports };
  const health = wantsHealthCheckPort(service) && !spec['healthCheckNodePort'];
  if (health) spec = { ...spec, healthCheckNodePort: freePort(claims, ['TCP']) };
  return { service: withSpec(service, spec), causes };
}

function withAddress(
  spec: Fields,
  {
    type,
    claims,
    causes,
  }: { readonly type: string; readonly claims: Claims; readonly causes: Cause[] },
): Fields {
  if (type === 'ExternalName') return spec;
  const asked = textAt(spec, 'clusterIP');
  if (asked !== '' && asked !== 'None' && claims.addresses.has(asked)) {
    const message = `Invalid value: ["${asked}"]: failed to allocate IP ${asked}: provided IP is already allocated`;
    causes.push({ reason: 'FieldValueInvalid', message, field: 'spec.clusterIPs' });
  }
  const clusterIP = asked || freeAddress(claims);
  return {
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ...spec,
    clusterIP,
    clusterIPs: spec['clusterIPs'] ?? [clusterIP],
  };
}

function freeAddress(claims: Claims): string {
  let index = FIRST_ADDRESS;
  while (claims.addresses.has(addressAt(index))) index += 1;
  return addressAt(index);
}

function addressAt(index: number): string {
  return `10.96.${index >> 8}.${index & 255}`;
}

function freePort(claims: Claims, protocols: readonly string[]): number {
  for (let number = FIRST_NODE_PORT; number <= LAST_NODE_PORT; number += 1) {
    const taken = ['TCP', 'UDP', 'SCTP'].some((protocol) =>
      claims.ports.has(`${protocol}/${number}`),
    );
    if (!taken) {
      for (const protocol of protocols) claims.ports.add(`${protocol}/${number}`);
      return number;
    }
  }
  throw new Error(
    `The lab's node ports ${FIRST_NODE_PORT} to ${LAST_NODE_PORT} are used up; delete ` +
      'a Service of type NodePort or LoadBalancer.',
  );
}

function withNodePorts(
  service: KubernetesObject,
  claims: Claims,
  causes: Cause[],
): readonly Fields[] {
  const ports = portsOf(service);
  ports.forEach((port, index) => {
    if (nodePortOf(port) !== 0) claim(port, { index, claims, causes });
  });
  if (!wantsNodePorts(service)) return ports;
  // TCP and UDP of one port number share their node port.
  const shared = new Map(
    ports
      .filter((port) => nodePortOf(port) !== 0)
      .map((port) => [fieldAt(port, 'port'), nodePortOf(port)]),
  );
  return ports.map((port) => {
    if (nodePortOf(port) !== 0) return port;
    const number =
      shared.get(fieldAt(port, 'port')) ?? freePort(claims, [textAt(port, 'protocol') || 'TCP']);
    shared.set(fieldAt(port, 'port'), number);
    return { ...port, nodePort: number };
  });
}

function claim(
  port: Fields,
  {
    index,
    claims,
    causes,
  }: { readonly index: number; readonly claims: Claims; readonly causes: Cause[] },
): void {
  const number = nodePortOf(port);
  const field = `spec.ports[${index}].nodePort`;
  if (number < FIRST_NODE_PORT || number > LAST_NODE_PORT) {
    const message =
      `Invalid value: ${number}: provided port is not in the valid range. The range of ` +
      `valid ports is ${FIRST_NODE_PORT}-${LAST_NODE_PORT}`;
    causes.push({ reason: 'FieldValueInvalid', message, field });
  } else if (claims.ports.has(claimed(port, number))) {
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${number}: provided port is already allocated`,
      field,
    });
  }
  claims.ports.add(claimed(port, number));
}
