import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { AutoAddresses } from '../address-pools/auto-address.ts';
import { ServerReport } from '../istio/port-mapping.ts';
import { Settings } from './settings/settings.ts';
import { Change } from '../snapshot/snapshot.ts';
import { Version } from '../revision.ts';

/** `ready` takes new connections; `draining` keeps what it has; `out` takes nothing and is not declared. */
export const Availability = z.enum(['ready', 'draining', 'out']);
export type Availability = z.infer<typeof Availability>;

export const Member = z.strictObject({
  address: z.string(),
  port: z.int().min(0).max(65_535),
  availability: Availability,
});
export type Member = z.infer<typeof Member>;

/** What BIG-IP should offer for one owner at one address and port. */
export const Exposure = z.strictObject({
  /** `auto(<pool>)` where it is yet to be chosen. */
  address: z.string(),
  port: z.int().min(1).max(65_535),
  protocol: z.enum(['tcp', 'udp']),
  partition: z.string(),
  settings: Settings,
  members: z.array(Member),
  /** `namespace/name` of the gateways that asked for it, oldest first. */
  gateways: z.array(Name),
  /** Oldest creationTimestamp among those gateways: settles claims. */
  since: z.string(),
  /** Why it may stay where its owner has it declared, but not come anew. Absent: nothing speaks against it. */
  refusedIfNew: z.strictObject({ code: Name, message: z.string() }).optional(),
});
export type Exposure = z.infer<typeof Exposure>;

/** `address:port/protocol`, the key under which exposures of several owners meet. IPv6 in brackets. */
export function exposureKey(e: Pick<Exposure, 'address' | 'port' | 'protocol'>): string {
  return `${e.address.includes(':') ? `[${e.address}]` : e.address}:${e.port}/${e.protocol}`;
}

/** Something said about an object that changes nothing by itself, such as a ConfigMap that is ignored, and why. */
export const Note = z.strictObject({
  /** `Kind namespace/name` */
  object: Name,
  message: z.string(),
  code: z.string(),
});
export type Note = z.infer<typeof Note>;

/** By setting: who said it, in words such as `ConfigMap istio-system/istio-ingressgateway.32400.vs`. */
export const Sources = z.record(z.string(), z.string());
export type Sources = z.infer<typeof Sources>;

/** All exposures of one owner on one device, at one version. */
export const Slice = z.strictObject({
  owner: Name,
  clusterUid: Name,
  device: Name,
  /** Devices that offer this ingress; another one gets an empty slice, in case it did before. */
  devices: z.array(Name),
  version: Version,
  /** Role id of the verified sender, where the queue knows it. */
  sender: Name.optional(),
  exposures: z.array(Exposure),
  /** What was seen to change, deletions included: they prove removals. */
  changes: z.array(Change),
  removed: z.boolean(),
  /** Every server's verdict, the source of every setting (by exposure key), and what there is to note: carried along so that `settled` is complete. */
  servers: z.array(ServerReport),
  sources: z.record(z.string(), Sources),
  notes: z.array(Note),
  /** Absent where every exposure names its address. */
  auto: AutoAddresses.optional(),
});
export type Slice = z.infer<typeof Slice>;

/** The result of one exposure, as it goes back to the cluster. */
export const ExposureResult = z.strictObject({
  address: z.string(),
  port: z.int(),
  protocol: z.enum(['tcp', 'udp']),
  partition: z.string(),
  gateways: z.array(Name),
  outcome: z.enum(['applied', 'unchanged', 'superseded', 'rejected', 'conflict', 'held', 'retry']),
  code: z.string(),
  message: z.string(),
  /** Where its settings come from; absent for what is only left over. */
  sources: Sources.optional(),
});
export type ExposureResult = z.infer<typeof ExposureResult>;

/** The complete result of an ingress at a revision on one device (or of the mapping alone, when nothing is wanted anywhere). */
export const Settled = z.strictObject({
  owner: Name,
  clusterUid: Name,
  version: Version,
  /** Absent when the way ended in `map`. */
  device: Name.optional(),
  /** Device names that the same snapshot went to: the result is complete when each has answered. */
  devices: z.array(Name),
  /** What the device declares for this owner, when that is newer than `version`: the watcher has to move above it. */
  supersededBy: Version.optional(),
  servers: z.array(ServerReport),
  exposures: z.array(ExposureResult),
  notes: z.array(Note),
});
export type Settled = z.infer<typeof Settled>;
