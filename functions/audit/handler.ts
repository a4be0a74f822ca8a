/**
 * audit: checks every device for drift, on a schedule. It never writes to a device; it asks apply
 * for repairs, in the group of the device.
 */
import type { Devices } from '../../shared/device/device.ts';
import { openDevices } from '../../shared/host/devices.ts';
import { ReplayError } from '../../shared/failures/error.ts';
import { heardFrom } from '../../shared/failures/heard.ts';
import type { RepairMemory } from '../../shared/failures/repairs.ts';
import { createStore } from '../../shared/failures/opened-once.ts';
import type { Store } from '../../shared/failures/opened-once.ts';
import { createViewKeeper } from '../../shared/failures/view-keeper.ts';
import { askForResync } from '../../shared/queue/resync.ts';
import type { Handler } from '../../shared/queue/handler.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { AUDIT_INTERVAL_MS } from '../../shared/host/schedules.ts';
import { askedIn } from '../../shared/failures/asks.ts';
import { answerAuditAsk } from './answers.ts';
import { auditAll } from './audit.ts';
import type { AuditReport } from './audit.ts';
import { createLookBack } from './look-back.ts';
import { createAuditPruner } from './prune.ts';
import { createSurvey } from './survey.ts';

/** What hosts call directly. */
export interface Auditor {
  audit(): Promise<AuditReport>;
  /**
   * One audit in `every` milliseconds, whatever the number of processes; undefined if another one
   * did it. Without the failure store, each process audits.
   */
  turn(every: number): Promise<AuditReport | undefined>;
}

/** What a console asks, by the id of its question. */
export interface AuditAnswers {
  answer(id: string): Promise<unknown>;
}

/** Another process did it, and reported what it found. */
const BY_ANOTHER: AuditReport = { findings: [], failed: [] };

/**
 * The schedule's event has no content, a console names its question; hosts call both directly.
 * `tidy` removes what expired, for hosts that run no audits.
 */
export function create(
  runtime: Runtime,
  devices: Devices = openDevices(runtime, (behind) => askForResync(runtime, behind)),
  store: Store = createStore(runtime),
): Handler &
  AuditAnswers &
  Auditor & { tidy(): Promise<void>; lookBack(): Promise<void>; close(): Promise<void> } {
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
  const turn = async (every: number): Promise<AuditReport | undefined> => {
    try {
      return await (await store.open()).schedules.take({ name: 'audit', every }, scheduled);
    } catch (error) {
      if (!(error instanceof ReplayError)) throw error;
      runtime.log.warn(
        { error: error.message },
        'audited without knowing whether another process did',
      );
      return scheduled();
    }
  };
  const handle: Handler = async (event: unknown) => {
    const asked = askedIn(event);
    if (asked !== undefined) return void (await answer(asked));
    const { failed } = (await turn(AUDIT_INTERVAL_MS)) ?? BY_ANOTHER;
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
    lookBack: createLookBack(runtime, store.open),
    turn,
    answer,
    close: async () => {
      await views.close();
      await Promise.all([devices.close(), store.close()]);
    },
  });
}

/** The Lambda entry point. */
export const handler = lambdaEntry((runtime) => create(runtime));
