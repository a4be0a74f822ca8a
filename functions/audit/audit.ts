import type { Finding } from '../../shared/bigip/audit.ts';
import { auditDevice } from '../../shared/bigip/audit.ts';
import type { Devices } from '../../shared/bigip/devices.ts';
import { DeviceError } from '../../shared/bigip/errors.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import { seal } from '../../shared/queue/envelope.ts';
import { AUDIT, STEERING } from '../../shared/queue/events.ts';
import type { Audit } from '../../shared/queue/events.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

export interface AuditReport {
  readonly findings: readonly Finding[];
  /** Devices that could not be looked at. */
  readonly failed: readonly { readonly device: string; readonly code: string; readonly reason: string }[];
}

/** Every device on its own: one that is away hides nothing of the others. */
export async function auditAll(runtime: Runtime, devices: Devices): Promise<AuditReport> {
  const reports = await Promise.all(runtime.config.devices.map((config) => auditOne(runtime, devices, config)));
  const report = { findings: reports.flatMap(({ findings }) => findings), failed: reports.flatMap(({ failed }) => failed) };
  runtime.log.info({ devices: reports.length, findings: report.findings.length, failed: report.failed.length }, 'audited');
  return report;
}

async function auditOne(runtime: Runtime, devices: Devices, config: DeviceConfig): Promise<AuditReport> {
  const { log, clock } = runtime;
  try {
    const findings = await auditDevice({ device: await devices.get(config), config: runtime.config, clock }, config);
    for (const finding of findings) log.warn(finding, 'drift');
    for (const { order } of findings) if (order) await steer(runtime, order);
    if (runtime.config.policy.drift === 'repair') await askForRepair(runtime, config.name, findings);
    return { findings, failed: [] };
  } catch (error) {
    const code = error instanceof DeviceError ? error.code : 'unknown';
    // The CA that is trusted may be corrected meanwhile; it is read with the next connection.
    if (code === 'BIP402') await devices.forget?.(config);
    log.warn({ device: config.name, code, error: errorMessage(error) }, 'device not audited');
    return { findings: [], failed: [{ device: config.name, code, reason: errorMessage(error) }] };
  }
}

/** In the device's group, so that it never races what apply is doing there. */
async function askForRepair(runtime: Runtime, device: string, findings: readonly Finding[]): Promise<void> {
  const broken = findings.filter(({ repairable }) => repairable);
  const [first] = broken;
  if (first === undefined) return;
  const more = broken.length === 1 ? '' : `, and ${broken.length - 1} more`;
  const data: Audit = { device, partitions: [...new Set(broken.map(({ partition }) => partition))], reason: `${first.object} ${first.message}${more}` };
  const id = runtime.id();
  // No cluster asks for it; the envelope wants one that the device serves.
  const cluster = runtime.config.ingresses.find((ingress) => ingress.devices.includes(device))?.cluster ?? runtime.config.clusters[0]?.id ?? device;
  const body = seal(AUDIT, data, { id, cluster, subject: device, time: new Date(runtime.clock.now()).toISOString() });
  await runtime.queues.queue('slices').send({ group: device, deduplicationId: id, body });
}

/** In the device's group as well: behind slices that wait, which end the silence. */
async function steer({ queues, clock, id, log }: Runtime, order: NonNullable<Finding['order']>): Promise<void> {
  const event = id();
  log.warn(order, order.action === 'drain' ? 'a silent cluster is drained' : 'a silent cluster goes back into rotation');
  const body = seal(STEERING, order, { id: event, cluster: order.cluster, subject: order.cluster, time: new Date(clock.now()).toISOString() });
  await queues.queue('slices').send({ group: order.device, deduplicationId: event, body });
}
