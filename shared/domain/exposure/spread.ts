/** Distributes virtual addresses over the partitions of a device deterministically. */
import * as z from 'zod';
import { formatIp, parseIp } from '../net/ip.ts';

/**
 * `address`: the virtual address decides the partition of an exposure that does not request one.
 */
export const Spread = z.enum(['none', 'address']);
export type Spread = z.infer<typeof Spread>;

/**
 * Rendezvous hashing (Thaler and Ravishankar): the partition with the highest hash for the address
 * wins. The order of the list does not matter; an added partition takes its share from all others
 * and moves nothing else. `partitions` must not be empty.
 */
export function partitionFor(address: string, partitions: readonly string[]): string {
  const ip = parseIp(address);
  const spelled = ip === undefined ? address : formatIp(ip);
  const [first] = partitions
    .map((partition) => ({ partition, draw: draw(`${partition} ${spelled}`) }))
    .toSorted((a, b) => b.draw - a.draw || (a.partition < b.partition ? -1 : 1));
  if (first === undefined) throw new RangeError(`${address}: no partition is configured`);
  return first.partition;
}

/**
 * FNV-1a with the finaliser of MurmurHash3, without which addresses that differ only in their last
 * digit would get similar values.
 */
function draw(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
