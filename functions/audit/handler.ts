/**
 * audit: checks every device for drift, on a schedule. It never writes to a device; it asks apply
 * for repairs, in the group of the device.
 */
import type { Devices } from '../../shared/device/device.ts';
import { openDevices } from '../../shared/host/devices.ts';
import { heardFrom } from '../../shared/failures/heard.ts';
import type { RepairMemory } from '../../shared/failures/repairs.ts';
import { createStore } from '../../shared/failures/opened-once.ts';
import type { Store } from '../../shared/failures/opened-once.ts';
import { createViewKeeper } from '../../shared/failures/view-keeper.ts';
import { askForResync } from '../../shared/queue/resync.ts';
import type { Handler } from '../../shared/queue/handler.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { askedIn } from '../../shared/failures/asks.ts';
import { answerAuditAsk } from './answers.ts';
import { auditAll } from './audit.ts';
import type { AuditReport } from './audit.ts';
import { createAuditPruner } from './prune.ts';
import { createSurvey } from './survey.ts';

/** The handler of audit, with the function that hosts call directly. */
export interface Auditor {
  (): Promise<AuditReport>;
}

/** What a console asks, by the id of its question. */
export interface AuditAnswers {
  answer(id: string): Promise<unknown>;
}

/**
 * The schedule's event has no content, a console names its question; hosts call both directly.
 * `tidy` removes what expired, for hosts that run no audits.
 */
export function create(
  runtime: Runtime,
  devices: Devices = openDevices(runtime, (behind) => askForResync(runtime, behind)),
  store: Store = createStore(runtime),
): Handler &
  AuditAnswers & { readonly audit: Auditor; tidy(): Promise<void>; close(): Promise<void> } {
  const heard = heardFrom(store.open, runtime);
  const views = createViewKeeper(runtime, store.open);
  const repairs = async (): Promise<RepairMemory> => (await store.open()).repairs;
  const audit = (): Promise<AuditReport> => auditAll(runtime, { devices, heard, views, repairs });
  const scheduled = async (): Promise<AuditReport> => {
    const report = await audit();
    await survey.note();
    await prune();
    return report;
  };
  const prune = createAuditPruner(runtime, store.open);
  const survey = createSurvey(runtime, store.open);
  const answer = async (id: string): Promise<unknown> => {
    const failures = await store.open();
    return answerAuditAsk({ runtime, failures, devices, audit }, id);
  };
  const handle: Handler = async (event: unknown) => {
    const asked = askedIn(event);
    if (asked !== undefined) return void (await answer(asked));
    const { failed } = await scheduled();
    await survey.publish();
    // The invocation fails, so that the alarm of the schedule fires; the findings were reported
    // anyway.
    if (failed.length > 0)
      throw new Error(
        `audit: ${failed.map(({ device, code, reason }) => `${device}: ${code}: ${reason}`).join('; ')}`,
      );
  };
  return Object.assign(handle, {
    audit: scheduled,
    tidy: prune,
    answer,
    close: async () => {
      await views.close();
      await Promise.all([devices.close(), store.close()]);
    },
  });
}

/** The Lambda entry point. */
export const handler = lambdaEntry((runtime) => create(runtime));
