/** audit: looks at every device for drift, on a schedule. It writes to no device: what is to be repaired it asks of apply, in the device's own order. */
import { createDevices } from '../../shared/bigip/devices.ts';
import { askForResync } from '../../shared/queue/resync.ts';
import type { Handler } from '../../shared/queue/handler.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { auditAll } from './audit.ts';
import type { AuditReport } from './audit.ts';

export interface Auditor {
  (): Promise<AuditReport>;
}

/** The schedule's event says nothing; the host calls `audit` itself. */
export function create(
  runtime: Runtime,
): Handler & { readonly audit: Auditor; close(): Promise<void> } {
  const devices = createDevices(runtime, (behind) => askForResync(runtime, behind));
  const audit = (): Promise<AuditReport> => auditAll(runtime, devices);
  const handle: Handler = async () => {
    const { failed } = await audit();
    // The invocation fails, so that the schedule's alarm sees it; what was found is told all the same.
    if (failed.length > 0)
      throw new Error(
        `audit: ${failed.map(({ device, code, reason }) => `${device}: ${code}: ${reason}`).join('; ')}`,
      );
  };
  return Object.assign(handle, { audit, close: () => devices.close() });
}

export const handler = lambdaEntry(create);
