/** Differences between devices and declarations, and requests to apply to repair them. */
import type { AuditScope } from '../../device/audit.ts';
import type { AuditFinding } from '../../device/finding.ts';
import { auditDevice } from '../../device/audit.ts';
import { openDevice } from '../../host/devices.ts';
import type { DeviceConfig } from '../../config/schema.ts';
import { heardFrom } from '../../failures/heard.ts';
import type { StoredFinding } from '../../failures/views.ts';
import { repairRequest, sendAudit } from '../../queue/audit.ts';
import type { Runtime } from '../../host/runtime.ts';
import type { Author, OperationContext } from '../context.ts';
import { chooseDevices, unansweredDevice } from '../devices/declared-partitions.ts';
import type { UnansweredDevice } from '../devices/declared-partitions.ts';

/** The data of `sluice drift`. */
export interface Drift {
  /** Of all devices that answered, by device in the order of the configuration. */
  readonly findings: readonly AuditFinding[];
  /** Names of the devices that answered. */
  readonly answered: readonly string[];
  /** Their differences are not known. */
  readonly unanswered: readonly UnansweredDevice[];
}

type DriftRuntime = Pick<Runtime, 'config' | 'secrets' | 'clock' | 'random' | 'log'>;

/** Only reads. `device`: only this device. */
export async function driftOfDevices(
  { runtime, heard }: { readonly runtime: DriftRuntime } & Pick<OperationContext, 'heard'>,
  device?: string,
): Promise<Drift> {
  const findings: AuditFinding[] = [];
  const answered: string[] = [];
  const unanswered: UnansweredDevice[] = [];
  const heardOn = heardFrom(() => Promise.resolve({ heard }), runtime);
  for (const chosen of chooseDevices(runtime.config, device))
    try {
      findings.push(...(await lookAt(runtime, heardOn, chosen)));
      answered.push(chosen.name);
    } catch (error) {
      unanswered.push(unansweredDevice(chosen.name, error));
    }
  return { findings, answered, unanswered };
}

/** Audits one device over a connection of its own. Rejects if the device does not answer. */
async function lookAt(
  runtime: DriftRuntime,
  heard: AuditScope['heard'],
  wanted: DeviceConfig,
): Promise<readonly AuditFinding[]> {
  const { config, clock, random } = runtime;
  const device = await openDevice(runtime, wanted, { random });
  try {
    const { findings } = await auditDevice({ device, config, clock, heard }, wanted);
    return findings;
  } finally {
    await device.close();
  }
}

/** The order to repair one device. */
export interface RepairOrder {
  /** Name of the device. */
  readonly device: string;
  /** To be declared again; empty if only paths are restored. */
  readonly partitions: readonly string[];
  /** Also undo manual changes that policy.drift: adopt kept. */
  readonly lift: boolean;
  /** For the log of apply. */
  readonly reason: string;
  /** Also restore the paths to pods, which needs no declare. */
  readonly paths: boolean;
}

/** `k8s on bigip-1`; `k8s and paths on bigip-1`. */
function targetOf({ device, partitions, paths }: RepairOrder): string {
  const declared = partitions.length === 0 ? [] : [partitions.join(', ')];
  return `${[...declared, ...(paths ? ['paths'] : [])].join(' and ')} on ${device}`;
}

/** `declare k8s again, and to restore the paths` */
export function repairInWords({ partitions, paths, lift }: RepairOrder): string {
  return [
    ...(partitions.length === 0 ? [] : [`declare ${partitions.join(', ')} again`]),
    ...(paths ? ['restore the paths to pods'] : []),
    ...(lift ? ['undo kept manual changes'] : []),
  ].join(', and to ');
}

/** `Declare again k8s on bigip-1 (and undo kept manual changes)` */
export function repairsInWords(repairs: readonly RepairOrder[]): string {
  const declares = repairs.flatMap(({ device, partitions, lift }) =>
    partitions.length === 0
      ? []
      : [`${partitions.join(', ')} on ${device}${lift ? ' (and undo kept manual changes)' : ''}`],
  );
  const devices = repairs.flatMap(({ device, paths }) => (paths ? [device] : []));
  const deeds = [
    ...(declares.length === 0 ? [] : [`declare again ${declares.join('; ')}`]),
    ...(devices.length === 0 ? [] : [`restore the paths to pods on ${devices.join(', ')}`]),
  ].join(', and ');
  return `${deeds.slice(0, 1).toUpperCase()}${deeds.slice(1)}`;
}

/** One for each device with something to repair. Pure. */
export function planRepairs(
  findings: readonly Pick<
    StoredFinding,
    'device' | 'partition' | 'object' | 'message' | 'kind' | 'repairable' | 'heal'
  >[],
): readonly RepairOrder[] {
  return [...Map.groupBy(findings, (finding) => finding.device)].flatMap(([device, found]) => {
    const request = repairRequest(found);
    const paths = found.some(({ heal }) => heal === 'path');
    return request === undefined
      ? []
      : [{ device, ...request, lift: request.lift === true, paths }];
  });
}

/** By message, in order with the slices of each device. The audit log records it. */
export async function requestRepairs(
  { runtime, audit }: Pick<OperationContext, 'runtime' | 'audit'>,
  repairs: readonly RepairOrder[],
  { who, why }: Author,
): Promise<void> {
  if (repairs.length === 0) return;
  const { config, queues, clock, id } = runtime;
  const selection = repairs.map(targetOf).join('; ');
  await audit.record({ who, action: 'repair', selection, why }, async () => {
    for (const { device, partitions, lift, reason } of repairs)
      await sendAudit({ queues, clock, id }, config, {
        device,
        partitions: [...partitions],
        reason,
        ...(lift && { lift }),
        forced: true,
      });
    const result = `sent to ${repairs.length === 1 ? 'one device' : `${repairs.length} devices`}`;
    return { result, value: undefined };
  });
}
