/** Differences between devices and declarations, and requests to apply to repair them. */
import type { Finding } from '../../bigip/audit.ts';
import { auditDevice } from '../../bigip/audit.ts';
import { createDevice } from '../../bigip/device.ts';
import type { DeviceConfig } from '../../config/schema.ts';
import { repairRequest, sendAudit } from '../../queue/audit.ts';
import type { Runtime } from '../../host/runtime.ts';
import { chooseDevices, unansweredDevice } from '../devices/declared-partitions.ts';
import type { UnansweredDevice } from '../devices/declared-partitions.ts';

/** The data of `sluice drift`. */
export interface Drift {
  readonly findings: readonly Finding[];
  /** Names of the devices that answered. */
  readonly answered: readonly string[];
  readonly unanswered: readonly UnansweredDevice[];
}

/** Only reads. `device`: only this device. */
export async function findDrift(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock' | 'random'>,
  device?: string,
): Promise<Drift> {
  const findings: Finding[] = [];
  const answered: string[] = [];
  const unanswered: UnansweredDevice[] = [];
  for (const chosen of chooseDevices(runtime.config, device))
    try {
      findings.push(...(await lookAt(runtime, chosen)));
      answered.push(chosen.name);
    } catch (error) {
      unanswered.push(unansweredDevice(chosen.name, error));
    }
  return { findings, answered, unanswered };
}

async function lookAt(
  { config, secrets, clock, random }: Pick<Runtime, 'config' | 'secrets' | 'clock' | 'random'>,
  wanted: DeviceConfig,
): Promise<readonly Finding[]> {
  const ca = wanted.tls.ca === undefined ? undefined : await secrets.resolve(wanted.tls.ca);
  const device = createDevice(
    wanted,
    { ca, password: () => secrets.resolve(wanted.password) },
    clock,
    { random },
  );
  try {
    return await auditDevice({ device, config, clock }, wanted);
  } finally {
    await device.close();
  }
}

/** The orders that were sent to repair a device. */
export interface RequestedRepair {
  readonly device: string;
  readonly partitions: readonly string[];
  /** Also undo manual changes that policy.drift: adopt kept. */
  readonly lift: boolean;
}

/** By message, in order with the slices of each device. */
export async function requestRepairs(
  { config, queues, clock, id }: Pick<Runtime, 'config' | 'queues' | 'clock' | 'id'>,
  findings: readonly Finding[],
): Promise<readonly RequestedRepair[]> {
  const requested: RequestedRepair[] = [];
  for (const [device, found] of Map.groupBy(findings, (finding) => finding.device)) {
    const wish = repairRequest(found);
    if (wish === undefined) continue;
    await sendAudit({ queues, clock, id }, config, { device, ...wish });
    requested.push({ device, partitions: wish.partitions, lift: wish.lift === true });
  }
  return requested;
}
