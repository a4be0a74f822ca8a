/** Answers of audit to a console: a fresh look at the devices, the checks of doctor, and counts. */
import type { Devices } from '../../shared/device/device.ts';
import type { Ask } from '../../shared/failures/asks.ts';
import { answerAsk } from '../../shared/failures/answer-ask.ts';
import type { Failures } from '../../shared/failures/open.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { partitionsFromDevices } from '../../shared/operations/devices/declared-partitions.ts';
import type { AuditReport } from './audit.ts';

/** What the answers need. */
export interface AnswerScope {
  readonly runtime: Runtime;
  /** The questions are in it, and the answers go there. */
  readonly failures: Failures;
  readonly devices: Devices;
  /** Audits all devices; used for a fresh look. */
  readonly audit: () => Promise<AuditReport>;
}

/** Answers one question. The views that a look refreshes are in the failure store. */
export async function answerAuditAsk(
  { runtime, failures, devices, audit }: AnswerScope,
  id: string,
): Promise<Ask> {
  return answerAsk({ asks: failures.asks, clock: runtime.clock }, id, async ({ wanted }) => {
    if (wanted.kind === 'look') {
      const { findings, failed } = await audit();
      return { state: 'done', answer: { findings: findings.length, failed } };
    }
    if (wanted.kind === 'connections') {
      const { countConnections } = await import('./connections.ts');
      return {
        state: 'done',
        answer: { ...(await countConnections({ runtime, devices }, wanted)) },
      };
    }
    if (wanted.kind !== 'doctor') throw new Error(`audit does not answer ${wanted.kind}`);
    // It contains the client of Kubernetes, which no audit needs.
    const { runDoctor } = await import('../../shared/operations/doctor/doctor.ts');
    const readPartitions = partitionsFromDevices(runtime);
    const context = { ...failures, runtime, readPartitions };
    const findings = await runDoctor({ context, config: 'the configuration' });
    return { state: 'done', answer: { findings } };
  });
}
