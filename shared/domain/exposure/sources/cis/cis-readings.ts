/** Reads every object of CIS with the reader of its kind. */
import { readCisConfigMap } from './cis-configmap.ts';
import { listedOnly } from './cis-listed.ts';
import {
  type CisObject,
  cisObjectsIn,
  type CisVirtualServer,
  type NotCarried,
  type Reading,
  textOf,
} from './cis-object.ts';
import { readIngressLink, readTransportServer } from './cis-resources.ts';
import { readLoadBalancer } from './cis-service.ts';
import { readUnused } from './cis-unused.ts';
import { readVirtualServer } from './cis-virtualserver.ts';

/** The virtual servers that objects of CIS ask for, and what cannot be read or carried. */
export interface CisReadings {
  readonly servers: readonly CisVirtualServer[];
  readonly notCarried: readonly NotCarried[];
}

/** Whether or not an object leads to a gateway; `raw` as parsed from YAML or JSON. */
export function readCis(raw: readonly unknown[]): CisReadings {
  const all = cisObjectsIn(raw);
  const readings = all.map((one) => readCisObject(one, all));
  return {
    servers: readings.flatMap(({ server }) => server ?? []),
    notCarried: readings.flatMap(({ notCarried }) => notCarried),
  };
}

/** In a partition of Sluice, and at another address if one is named. */
export function movedBeside(
  server: CisVirtualServer,
  addresses: ReadonlyMap<string, string> | undefined,
): CisVirtualServer {
  if (addresses === undefined) return server;
  const address = addresses.get(textOf(server.wanted.virtualAddress) ?? '');
  const wanted = {
    ...server.wanted,
    ...(address !== undefined && { virtualAddress: address }),
  };
  return { ...server, wanted, partition: undefined };
}

/** By `group/kind`. */
type KindReader = (object: CisObject, all: readonly CisObject[]) => Reading | undefined;
/** By group and kind. */
const READERS: Readonly<Record<string, KindReader>> = {
  '/ConfigMap': readCisConfigMap,
  '/Service': readLoadBalancer,
  'cis.f5.com/TransportServer': readTransportServer,
  'cis.f5.com/IngressLink': readIngressLink,
  'cis.f5.com/VirtualServer': readVirtualServer,
  'cis.f5.com/TLSProfile': readUnused,
  'cis.f5.com/Policy': readUnused,
};

/** Objects of other programs are skipped without a word. */
export function readCisObject(object: CisObject, all: readonly CisObject[]): Reading {
  const reader = READERS[`${object.group}/${object.kind}`];
  if (reader !== undefined) return reader(object, all) ?? { notCarried: [] };
  const told = listedOnly(object);
  return { notCarried: told === undefined ? [] : [told] };
}
