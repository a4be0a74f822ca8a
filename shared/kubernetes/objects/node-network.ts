/** Narrows what a Node says about the networks of its pods: spec and annotations of CNIs. */
import { excessOf } from '../../domain/json-bounds.ts';
import type { JsonObject } from '../../domain/json-object.ts';
import type { NetworkSource, NodeNetwork } from '../../domain/snapshot/node-network.ts';
import { readList, readNumber, readRecord, readText, readTexts, withoutUndefined } from './read.ts';

const FLANNEL = 'flannel.alpha.coreos.com';
const OVN = 'k8s.ovn.org';
const CALICO = 'projectcalico.org';
const CILIUM = 'network.cilium.io';
const ANTREA = 'node.antrea.io';
/** Older releases of Cilium wrote it, and newer ones still read it. */
const OLD_CILIUM = 'io.cilium.network';

/** Overrides what the CNI says: networks separated by commas. */
export const POD_NETWORKS_ANNOTATION = 'sluice.io/pod-networks';

/** An OVN annotation has one entry for each network of the cluster, and few levels. */
const BOUNDS = { depth: 8, values: 2_000, string: 4_096 };
/** Networks or addresses of one node; real ones have a few. */
const MAX_ENTRIES = 64;
/** The longest network has 49 characters. What is longer is none, and messages quote it. */
const MAX_CHARACTERS = 64;

type Fault = NonNullable<NodeNetwork['faults']>[number];

/** The annotations of one Node; faults are collected while it is read. */
interface Annotations {
  readonly faults: Fault[];
  readonly text: (name: string) => string | undefined;
  /** The entries of a list that is separated by commas. */
  readonly list: (name: string) => string[];
  /** The JSON value; undefined with a fault if it cannot be parsed. */
  readonly json: (source: NetworkSource, name: string) => unknown;
}

/** Reads annotations; what cannot be read is collected as a fault instead of being thrown. */
function annotationsOf(raw: JsonObject): Annotations {
  const all = readRecord(readRecord(raw['metadata'])['annotations']);
  const faults: Fault[] = [];
  const text = (name: string): string | undefined => wordOf(all[name]) || undefined;
  return {
    faults,
    text,
    list: (name) => {
      const value = all[name];
      return typeof value === 'string' ? limited(value.split(',', 2 * MAX_ENTRIES)) : [];
    },
    json: (source, name) => {
      const value = all[name];
      if (typeof value !== 'string' || value === '') return undefined;
      const fault = (what: string): undefined => {
        faults.push({ source, field: `annotation ${name}`, fault: what });
      };
      const excess = excessOf(value, BOUNDS);
      if (excess !== undefined) return fault(`exceeds a parsing limit: ${excess}`);
      try {
        return JSON.parse(value) as unknown;
      } catch {
        return fault('is not JSON');
      }
    },
  };
}

/** One network, address, MAC or name. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.trim().slice(0, MAX_CHARACTERS) : undefined;
}

/** Of networks or addresses, at most as many and as long as a real node has. */
export function limited(entries: readonly string[]): string[] {
  return entries.flatMap((one) => wordOf(one) || []).slice(0, MAX_ENTRIES);
}

function withoutMask(address: string): string {
  return address.split('/')[0] ?? address;
}

/** A string, or a list of strings. */
function oneOrMore(value: unknown): string[] {
  return limited(typeof value === 'string' ? [value] : readTexts(value));
}

/** Both families, or the single field of earlier versions. */
function podCIDRsOf(raw: JsonObject): string[] {
  const spec = readRecord(raw['spec']);
  const several = limited(readTexts(spec['podCIDRs']));
  return several.length > 0 ? several : limited([readText(spec['podCIDR']) ?? '']);
}

/** Recognised by the backend type, which flannel always writes. */
function flannelOf({ text, json }: Annotations): NodeNetwork['flannel'] {
  const backend = text(`${FLANNEL}/backend-type`);
  if (backend === undefined) return undefined;
  const names = ['public-ip-overwrite', 'public-ipv6-overwrite', 'public-ip', 'public-ipv6'];
  const [v4, v6] = ['backend-data', 'backend-v6-data'].map((name) =>
    readRecord(json('flannel', `${FLANNEL}/${name}`)),
  );
  return {
    backend,
    addresses: limited(names.map((name) => text(`${FLANNEL}/${name}`) ?? '')),
    ...withoutUndefined({
      mac4: wordOf(v4?.['VtepMAC']),
      mac6: wordOf(v6?.['VtepMAC']),
      vni4: readNumber(v4?.['VNI']),
      vni6: readNumber(v6?.['VNI']),
    }),
  };
}

/**
 * Only the default network: BIG-IP is no part of the others. The primary addresses come first, then
 * those of the gateway, then all others of the host, which only a filter selects.
 */
function ovnOf({ text, json }: Annotations): NodeNetwork['ovn'] {
  if (text(`${OVN}/node-subnets`) === undefined) return undefined;
  const subnets = readRecord(json('ovn', `${OVN}/node-subnets`));
  const primary = readRecord(json('ovn', `${OVN}/node-primary-ifaddr`));
  const gateway = readRecord(readRecord(json('ovn', `${OVN}/l3-gateway-config`))['default']);
  const addresses = [
    readText(primary['ipv4']) ?? '',
    readText(primary['ipv6']) ?? '',
    ...oneOrMore(gateway['ip-addresses']),
    ...oneOrMore(readList(json('ovn', `${OVN}/host-cidrs`))),
    ...oneOrMore(readList(json('ovn', `${OVN}/host-addresses`))),
  ];
  return {
    networks: oneOrMore(subnets['default']),
    addresses: [...new Set(limited(addresses.map(withoutMask)))],
  };
}

/** Only what names networks: other annotations of Cilium are irrelevant. */
function ciliumOf({ list }: Annotations): NodeNetwork['cilium'] {
  const networks = [4, 6].flatMap((family) => {
    const name = `ipv${family}-pod-cidr`;
    const now = list(`${CILIUM}/${name}`);
    return now.length > 0 ? now : list(`${OLD_CILIUM}.${name}`);
  });
  return networks.length === 0 ? undefined : { networks };
}

/** Undefined if there are none. */
function addressesIn(addresses: readonly string[]): { addresses: string[] } | undefined {
  return addresses.length === 0 ? undefined : { addresses: addresses.map(withoutMask) };
}

/** Undefined for a Node that says nothing about its pods. */
export function nodeNetworkOf(raw: JsonObject): NodeNetwork | undefined {
  const annotations = annotationsOf(raw);
  const { list, faults } = annotations;
  const [podCIDRs, podNetworks] = [podCIDRsOf(raw), list(POD_NETWORKS_ANNOTATION)];
  const network = withoutUndefined({
    podCIDRs: podCIDRs.length === 0 ? undefined : podCIDRs,
    podNetworks: podNetworks.length === 0 ? undefined : podNetworks,
    flannel: flannelOf(annotations),
    ovn: ovnOf(annotations),
    calico: addressesIn([...list(`${CALICO}/IPv4Address`), ...list(`${CALICO}/IPv6Address`)]),
    cilium: ciliumOf(annotations),
    antrea: addressesIn(list(`${ANTREA}/transport-addresses`)),
    faults: faults.length === 0 ? undefined : faults,
  });
  return Object.keys(network).length === 0 ? undefined : network;
}
