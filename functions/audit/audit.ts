/** Audits every device, reports what it finds, and asks apply for repairs by message. */
import type { AuditScope } from '../../shared/device/audit.ts';
import type { AuditFinding } from '../../shared/device/finding.ts';
import { auditDevice } from '../../shared/device/audit.ts';
import type { Device, Devices } from '../../shared/device/device.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import type { PartitionReading } from '../../shared/device/reading.ts';
import { hasPaths } from '../../shared/config/path-checks.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import { adoptionRequest, repairRequest, sendAudit } from '../../shared/queue/audit.ts';
import type { AuditRequest } from '../../shared/queue/audit.ts';
import { sendOrder } from '../../shared/queue/steering.ts';
import { differenceDigest, type RepairMemory } from '../../shared/failures/repairs.ts';
import type { ViewKeeper } from '../../shared/failures/view-keeper.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import { followPaths, logFindings } from './paths.ts';

/** Findings of all devices, and devices that could not be read. */
export interface AuditReport {
  /** Of all devices that could be read. */
  readonly findings: readonly AuditFinding[];
  /** Devices that could not be read. */
  readonly failed: readonly {
    readonly device: string;
    readonly code: string;
    readonly reason: string;
  }[];
}

/** Audits every device independently; an unreachable one does not affect the others. */
export async function auditAll(runtime: Runtime, surroundings: Surroundings): Promise<AuditReport> {
  const reports = await Promise.all(
    runtime.config.devices.map((config) => auditOne({ runtime, ...surroundings }, config)),
  );
  const report = {
    findings: reports.flatMap(({ findings }) => findings),
    failed: reports.flatMap(({ failed }) => failed),
  };
  runtime.log.info(
    { devices: reports.length, findings: report.findings.length, failed: report.failed.length },
    'audited',
  );
  return report;
}

/** What audits need besides the runtime. */
export interface Surroundings extends Pick<AuditScope, 'heard'> {
  /** Opened once for each process, and shared by its audits. */
  readonly devices: Devices;
  /** Where the readings go, for readers without access to devices. */
  readonly views: ViewKeeper;
  /**
   * Rejects if the failure store cannot be opened; then differences of paths are asked for again.
   */
  readonly repairs: () => Promise<RepairMemory>;
}

/** What all audits share. */
interface Scope extends Surroundings {
  readonly runtime: Runtime;
}

/** Audits one device. A device that cannot be read is reported, and does not stop the others. */
async function auditOne(
  { runtime, devices, heard, views, repairs }: Scope,
  config: DeviceConfig,
): Promise<AuditReport> {
  const { log, clock } = runtime;
  try {
    const device = await devices.get(config);
    const scope = { device, config: runtime.config, clock, heard };
    const audited = await auditDevice(scope, config);
    const { findings } = audited;
    logFindings(runtime, config, findings);
    for (const { order } of findings) if (order) await steer(runtime, order);
    const { drift } = runtime.config.policy;
    if (drift !== 'report') {
      const fresh = await withoutLeft({ runtime, repairs }, config, findings);
      await askApply(runtime, config.name, requestFor(fresh, drift));
    }
    const readings = await readingsOf(runtime, device, config);
    await askApply(runtime, config.name, creationRequest(runtime, readings, config));
    await noteViews({ device, views }, readings, findings);
    await followPaths({ runtime, repairs }, config, audited);
    return { findings, failed: [] };
  } catch (error) {
    const code = error instanceof DeviceError ? error.code : 'unknown';
    // The trusted CA may be corrected in the meantime; it is read again with the next connection.
    if (code === 'BIP402') await devices.forget?.(config);
    const reason = errorMessage(error);
    log.warn({ device: config.name, code, error: reason }, 'device not audited');
    await views.noteAudit({ device: config.name, findings: [], problem: { code, reason } });
    return { findings: [], failed: [{ device: config.name, code, reason }] };
  }
}

/**
 * Without the differences of paths, if the last repair left exactly these. Once they are gone, that
 * is forgotten.
 */
async function withoutLeft(
  { runtime: { config: site, log }, repairs }: Pick<Scope, 'runtime' | 'repairs'>,
  config: DeviceConfig,
  findings: readonly AuditFinding[],
): Promise<readonly AuditFinding[]> {
  if (!hasPaths(site, config)) return findings;
  const { name, networks } = config;
  const paths = findings.filter(({ heal }) => heal === 'path');
  try {
    const memory = await repairs();
    const left = await memory.left(name, networks.partition);
    if (left === undefined) return findings;
    if (paths.length === 0) await memory.forget(name, networks.partition);
    return left === differenceDigest(paths)
      ? findings.filter(({ heal }) => heal !== 'path')
      : findings;
  } catch (error) {
    log.warn(
      { device: name, error: errorMessage(error) },
      'what the last repair left is not known',
    );
    return findings;
  }
}

/** With `repair`, changes kept under another policy are undone as well. */
function requestFor(
  findings: readonly AuditFinding[],
  drift: 'repair' | 'adopt',
): AuditRequest | undefined {
  return drift === 'repair' ? repairRequest(findings) : adoptionRequest(findings);
}

/** By partition; `seenAt` is the time before it was read, in milliseconds since 1970. */
type Readings = ReadonlyMap<string, PartitionReading & { readonly seenAt: number }>;

/** Read after the audit, for the views and to find partitions that do not exist yet. */
async function readingsOf(
  { clock }: Pick<Runtime, 'clock'>,
  device: Device,
  { partitions }: DeviceConfig,
): Promise<Readings> {
  const readings = new Map<string, PartitionReading & { readonly seenAt: number }>();
  for (const partition of partitions) {
    const seenAt = clock.now();
    readings.set(partition, { ...(await device.read(partition)), seenAt });
  }
  return readings;
}

/**
 * Partitions that do not exist yet are created ahead of their first exposure; on a device that no
 * ingress uses, they are not needed.
 */
function creationRequest(
  { config: { ingresses } }: Runtime,
  readings: Readings,
  { name }: DeviceConfig,
): AuditRequest | undefined {
  if (!ingresses.some(({ devices }) => devices.includes(name))) return undefined;
  const absent = [...readings].flatMap(([partition, reading]) =>
    reading.kind === 'ours' && reading.declared.lockKey === undefined ? [partition] : [],
  );
  return absent.length === 0
    ? undefined
    : { partitions: absent, reason: 'it does not exist yet, and is created without content' };
}

/** For readers of the failure store, who have no access to the device. */
async function noteViews(
  { device, views }: { readonly device: Device; readonly views: ViewKeeper },
  readings: Readings,
  findings: readonly AuditFinding[],
): Promise<void> {
  const { hostname, software } = await device.facts();
  await views.noteAudit({ device: device.name, hostname, software, findings });
  await views.note(
    [...readings].map(([partition, reading]) => ({
      device: device.name,
      partition,
      seen:
        reading.kind === 'ours'
          ? reading.declared.state
          : { code: reading.code, reason: reading.reason },
      seenAt: reading.seenAt,
    })),
    'looked',
  );
}

/** In the group of the device, so that it never races with apply. */
async function askApply(
  runtime: Runtime,
  device: string,
  request: AuditRequest | undefined,
): Promise<void> {
  if (request === undefined) return;
  await sendAudit(runtime, runtime.config, { device, ...request });
}

/** Also in the group of the device: behind waiting slices, which end the silence. */
async function steer(runtime: Runtime, order: NonNullable<AuditFinding['order']>): Promise<void> {
  runtime.log.warn(
    order,
    order.action === 'drain'
      ? 'draining a silent cluster'
      : 'returning a silent cluster to rotation',
  );
  await sendOrder(runtime, order);
}
