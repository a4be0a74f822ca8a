/** Objects in which CNIs say which networks the pods of a node have. */
import type { BlockAffinity, CiliumNode } from '../../domain/snapshot/node-network.ts';
import { limited } from './node-network.ts';
import { readRecord, readRecords, readText, readTexts } from './read.ts';

function nameOf(raw: ReturnType<typeof readRecord>): string {
  return readText(readRecord(raw['metadata'])['name']) ?? '';
}

/** `status` and the rest of `spec` change often, and are dropped. */
export function normaliseCiliumNode(value: unknown): CiliumNode {
  const raw = readRecord(value);
  const spec = readRecord(raw['spec']);
  const ipam = readRecord(spec['ipam']);
  const pools = readRecords(readRecord(ipam['pools'])['allocated']);
  return {
    name: nameOf(raw),
    networks: limited([
      ...readTexts(ipam['podCIDRs']),
      ...pools.flatMap(({ cidrs }) => readTexts(cidrs)),
    ]),
    addresses: limited(
      readRecords(spec['addresses'])
        .filter(({ type }) => type === 'InternalIP')
        .flatMap(({ ip }) => readText(ip) ?? []),
    ),
  };
}

/** Calico writes a text, because older releases did; a file may have the boolean. */
const NOT_DELETED: readonly unknown[] = ['false', '', false, undefined, null];
/** Releases that know no types have affinities of hosts only. */
const OF_HOSTS: readonly unknown[] = ['host', '', undefined, null];

/** A block that the node is still claiming, gives back or has given back is none of its networks. */
export function normaliseBlockAffinity(value: unknown): BlockAffinity {
  const raw = readRecord(value);
  const { cidr, node, state, deleted, type } = readRecord(raw['spec']);
  const isUsed = state === 'confirmed' && NOT_DELETED.includes(deleted) && OF_HOSTS.includes(type);
  const [block] = isUsed ? limited([readText(cidr) ?? '']) : [];
  return {
    name: nameOf(raw),
    node: readText(node) ?? '',
    ...(block !== undefined && { cidr: block }),
  };
}
