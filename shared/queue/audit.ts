/** What an audit asks of apply: to declare again, to keep, to give back. */
import type { SluiceConfig } from '../config/schema.ts';
import type { OverrideAdoption } from '../domain/declared/override.ts';
import { publishEvent } from './publish.ts';
import type { PublishContext } from './publish.ts';
import { AUDIT } from './events.ts';
import type { Audit } from './events.ts';

export type AuditRequest = Omit<Audit, 'device'>;

/** What of a finding matters here. */
interface Found {
  readonly partition: string;
  readonly object: string;
  readonly message: string;
  readonly kind: string;
  readonly repairable: boolean;
  readonly adopt?: OverrideAdoption;
}

/** Everything goes back to what the Gateways ask for; undefined where nothing is to be done. */
export function repairRequest(findings: readonly Found[]): AuditRequest | undefined {
  const broken = findings.filter(({ kind, repairable }) => repairable || kind === 'kept');
  const lift = broken.some(({ kind }) => kind === 'kept');
  return wishFor(broken, lift ? { lift } : {});
}

/** What may be kept is kept; the rest goes back. */
export function adoptionRequest(findings: readonly Found[]): AuditRequest | undefined {
  const broken = findings.filter(({ repairable }) => repairable);
  const adopt = broken.flatMap(({ partition, adopt: one }) => (one ? [{ partition, ...one }] : []));
  return wishFor(broken, adopt.length > 0 ? { adopt } : {});
}

function wishFor(
  broken: readonly Found[],
  more: Pick<Audit, 'adopt' | 'lift'>,
): AuditRequest | undefined {
  const [first] = broken;
  if (first === undefined) return undefined;
  const others = broken.length === 1 ? '' : `, and ${broken.length - 1} more`;
  return {
    partitions: [...new Set(broken.map(({ partition }) => partition))],
    reason: `${first.object} ${first.message}${others}`,
    ...more,
  };
}

/** Travels in the device's group. */
export async function sendAudit(
  context: PublishContext,
  config: Pick<SluiceConfig, 'ingresses' | 'clusters'>,
  data: Audit,
): Promise<void> {
  const { device } = data;
  // No cluster asks for it; the envelope wants one that the device serves.
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
