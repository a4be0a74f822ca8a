/** Exposures, slices and results: the data that map sends, and that apply answers. */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { AutoAddresses } from '../address-pools/auto-address.ts';
import { ServerReport } from '../istio/port-mapping.ts';
import { Settings } from './settings/settings.ts';
import { Path } from '../paths/path.ts';
import { Change } from '../snapshot/snapshot.ts';
import { Revision, Version } from '../revision.ts';

/**
 * `ready` takes new connections; `draining` keeps what it has; `out` takes nothing and is not
 * declared.
 */
export const Availability = z.enum(['ready', 'draining', 'out']);
export type Availability = z.infer<typeof Availability>;

/** A pool member. `address` includes the route domain. */
export const Member = z.strictObject({
  address: z.string(),
  port: z.int().min(0).max(65_535),
  availability: Availability,
});
export type Member = z.infer<typeof Member>;

/** The exposure of one owner at one address and port, as desired on BIG-IP. */
export const Exposure = z.strictObject({
  /** `auto(<pool>)` until an address is assigned. */
  address: z.string(),
  port: z.int().min(1).max(65_535),
  protocol: z.enum(['tcp', 'udp']),
  partition: z.string(),
  settings: Settings,
  members: z.array(Member),
  /** `namespace/name` of the gateways that request it, oldest first. */
  gateways: z.array(Name),
  /** Oldest creationTimestamp of these gateways, which decides between claims. */
  since: z.string(),
  /** `settings.source` comes from `spec.loadBalancerSourceRanges`, which 0.1.0 did not read. */
  sourceByService: z.literal(true).optional(),
  /**
   * The reason why it may stay if its owner has it declared, but not be created. Absent: not
   * refused.
   */
  refusedIfNew: z.strictObject({ code: Name, message: z.string() }).optional(),
});
export type Exposure = z.infer<typeof Exposure>;

/** `address:port/protocol`, the key that exposures of several owners share. IPv6 in brackets. */
export function exposureKey(e: Pick<Exposure, 'address' | 'port' | 'protocol'>): string {
  return `${e.address.includes(':') ? `[${e.address}]` : e.address}:${e.port}/${e.protocol}`;
}

/** Port of the virtual server that redirects clients, which AS3 adds for `redirect80`. */
export const REDIRECT_PORT = 80;

/** Whether the exposure takes TCP port 80 of its address: itself, or for its redirect. */
export function takesRedirectPort(
  e: Pick<Exposure, 'port' | 'protocol'> & { readonly settings: Pick<Settings, 'redirect80'> },
): boolean {
  return e.settings.redirect80 === true || (e.port === REDIRECT_PORT && e.protocol === 'tcp');
}

/**
 * Information about an object without effect of its own, such as an ignored ConfigMap with the
 * reason.
 */
export const Note = z.strictObject({
  /** `Kind namespace/name` */
  object: Name,
  message: z.string(),
  code: z.string(),
});
export type Note = z.infer<typeof Note>;

/** By setting: its source, such as `ConfigMap istio-system/istio-ingressgateway.32400.vs`. */
export const Sources = z.record(z.string(), z.string());
export type Sources = z.infer<typeof Sources>;

/** All exposures of one owner on one device at one version. */
export const Slice = z.strictObject({
  owner: Name,
  clusterUid: Name,
  device: Name,
  /**
   * Devices that expose this ingress; all others get an empty slice, in case they exposed it
   * before.
   */
  devices: z.array(Name),
  version: Version,
  /** As in the snapshot. */
  settledSince: Revision.optional(),
  /** Role id of the verified sender, if the queue reports it. */
  sender: Name.optional(),
  exposures: z.array(Exposure),
  /** Observed changes, including deletions, which prove removals. */
  changes: z.array(Change),
  removed: z.boolean(),
  /**
   * The verdict of every server, the source of every setting (by exposure key), and all notes:
   * copied so that `settled` is complete.
   */
  servers: z.array(ServerReport),
  sources: z.record(z.string(), Sources),
  notes: z.array(Note),
  /** Absent if every exposure has a literal address. */
  auto: AutoAddresses.optional(),
  /**
   * Addresses of nodes that are excluded from load balancers: never a new member, and where one is
   * declared, it drains. Absent if there are none.
   */
  excludedNodes: z.array(z.string()).optional(),
  /** How members are reached. Absent: nothing is done about it (`network.mode: none`). */
  paths: z.array(Path).optional(),
  /** Members that need a path and have none. Absent if there are none. */
  pathless: z.array(z.string()).optional(),
});
export type Slice = z.infer<typeof Slice>;

/** The result of one exposure, sent to the cluster. */
export const ExposureResult = z.strictObject({
  address: z.string(),
  port: z.int(),
  protocol: z.enum(['tcp', 'udp']),
  partition: z.string(),
  gateways: z.array(Name),
  outcome: z.enum(['applied', 'unchanged', 'superseded', 'rejected', 'conflict', 'held', 'retry']),
  code: z.string(),
  message: z.string(),
  /** Sources of its settings; absent for leftover exposures. */
  sources: Sources.optional(),
});
export type ExposureResult = z.infer<typeof ExposureResult>;

/**
 * The complete result of an ingress at a revision on one device, or of the mapping alone if nothing
 * is requested anywhere.
 */
export const Settled = z.strictObject({
  owner: Name,
  clusterUid: Name,
  version: Version,
  /** Absent if processing ended in `map`. */
  device: Name.optional(),
  /** Devices that got the same snapshot; the result is complete when each has answered. */
  devices: z.array(Name),
  /**
   * The declared version of this owner, if it is newer than `version`: the watcher must continue
   * above it.
   */
  supersededBy: Version.optional(),
  servers: z.array(ServerReport),
  exposures: z.array(ExposureResult),
  notes: z.array(Note),
  /**
   * Addresses of members that drain and get no connections any more: their removal may wait a
   * little for others (decision 79). Absent: no removal may wait.
   */
  drained: z.array(z.string()).optional(),
});
export type Settled = z.infer<typeof Settled>;

const byKey = new WeakMap<readonly Exposure[], ReadonlyMap<string, Exposure>>();

/**
 * The exposure that has this key, the first one if there are several. Indexed once for each list:
 * a plan asks for every exposure of a slice, which may have thousands.
 */
export function exposureWithKey(
  { exposures }: Pick<Slice, 'exposures'>,
  key: string,
): Exposure | undefined {
  let index = byKey.get(exposures);
  if (index === undefined) {
    index = new Map(exposures.toReversed().map((exposure) => [exposureKey(exposure), exposure]));
    byKey.set(exposures, index);
  }
  return index.get(key);
}
