/**
 * Builds the messages with which audit asks apply to redeclare partitions, keep manual changes, or
 * undo kept ones.
 */
import type { SluiceConfig } from '../config/schema.ts';
import type { OverrideAdoption } from '../domain/declared/override.ts';
import { publishEvent } from './publish.ts';
import type { PublishContext } from './publish.ts';
import { AUDIT } from './events.ts';
import type { Audit } from './events.ts';

/** A request of audit to apply, before the device is added. */
export type AuditRequest = Omit<Audit, 'device'>;

/** The fields of a finding that are needed here. */
interface Found {
  readonly partition: string;
  readonly object: string;
  readonly message: string;
  readonly kind: string;
  readonly repairable: boolean;
  /** `path`: the repair needs no declare. */
  readonly heal?: string;
  readonly adopt?: OverrideAdoption;
}

/**
 * Undoes all kept manual changes and redeclares all differences; undefined if there is nothing to
 * do. Paths are restored with any such message, so the request may name no partition.
 */
export function repairRequest(findings: readonly Found[]): AuditRequest | undefined {
  const broken = findings.filter(({ kind, repairable }) => repairable || kind === 'kept');
  const lift = broken.some(({ kind }) => kind === 'kept');
  return requestFor(broken, lift ? { lift } : {});
}

/** Keeps the manual changes that can be kept and redeclares the rest. */
export function adoptionRequest(findings: readonly Found[]): AuditRequest | undefined {
  const broken = findings.filter(({ repairable }) => repairable);
  const adopt = broken.flatMap(({ partition, adopt: one }) => (one ? [{ partition, ...one }] : []));
  return requestFor(broken, adopt.length > 0 ? { adopt } : {});
}

/**
 * The request for a repair, with the first difference as its reason; undefined if there is none.
 * Paths are repaired without naming a partition.
 */
function requestFor(
  broken: readonly Found[],
  more: Pick<Audit, 'adopt' | 'lift'>,
): AuditRequest | undefined {
  const [first] = broken;
  if (first === undefined) return undefined;
  const others = broken.length === 1 ? '' : `, and ${broken.length - 1} more`;
  return {
    partitions: [
      ...new Set(broken.flatMap(({ partition, heal }) => (heal === 'path' ? [] : [partition]))),
    ],
    reason: `${first.object} ${first.message}${others}`,
    ...more,
  };
}

/** Sends the request in the group of its device. */
export async function sendAudit(
  context: PublishContext,
  config: Pick<SluiceConfig, 'ingresses' | 'clusters'>,
  data: Audit,
): Promise<void> {
  const { device } = data;
  // The envelope requires a cluster, and none sent this: use one that the device serves.
  const cluster =
    config.ingresses.find((ingress) => ingress.devices.includes(device))?.cluster ??
    config.clusters[0]?.id ??
    device;
  await publishEvent(context, {
    queue: 'slices',
    group: device,
    type: AUDIT,
    data,
    cluster,
    subject: device,
  });
}
