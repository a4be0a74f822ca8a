/** The queue checks of `sluice doctor`. */
import type { QueueName } from '../../queue/port.ts';
import { queueBackend } from '../../queue/open.ts';
import { checkQueueSettings } from '../../queue/settings.ts';
import type { SettingsReader } from '../../queue/settings.ts';
import type { Runtime } from '../../host/runtime.ts';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import { badFinding, okFinding, clockFinding } from './finding.ts';
import type { DoctorFinding } from './finding.ts';

/** The queues that the configuration uses. */
export function queueNames({ config }: Pick<Runtime, 'config'>): readonly QueueName[] {
  return [
    'snapshots',
    'slices',
    'express',
    'snapshots-dead',
    'slices-dead',
    ...config.clusters.map(({ id }) => `settled-${id}` as const),
  ];
}

/**
 * One finding for each queue with its depth, and for servers that report settings, whether these
 * can lose events.
 */
export async function queueChecks(runtime: Runtime): Promise<readonly DoctorFinding[]> {
  const depths = await Promise.all(queueNames(runtime).map((name) => depth(runtime, name)));
  const reader = queueBackend(runtime.config.queue).readSettings?.();
  // Only a queue server reports settings.
  if (reader === undefined) return depths;
  try {
    const there = queueNames(runtime).filter((_, i) => depths[i]?.ok);
    return [...depths, ...(await settingsChecks(runtime, reader, there))];
  } finally {
    reader.close();
  }
}

/** Reading the depth needs the queue to exist and to be readable, so it is the check. */
async function depth({ queues }: Runtime, name: QueueName): Promise<DoctorFinding> {
  const checked = { id: 'queue', what: `queue ${name}` };
  try {
    const { waiting, inFlight, isAbsent } = await queues.queue(name).depth();
    if (isAbsent)
      return okFinding(
        checked,
        'none yet: the queue file does not exist, and "sluice up" creates it',
      );
    return okFinding(checked, `${waiting} waiting, ${inFlight} in flight`);
  } catch (error) {
    return badFinding(checked, `${errorMessage(error)} (${errorCode(error) ?? 'Q601'})`);
  }
}

/** Settings of each queue, and the server's clock once. */
export async function settingsChecks(
  { clock }: Pick<Runtime, 'clock'>,
  reader: SettingsReader,
  names: readonly QueueName[],
): Promise<readonly DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  let ahead: number | undefined;
  for (const name of names) {
    const checked = { id: 'queue-settings', what: `settings of queue ${name}` };
    try {
      const { settings, deadName, date } = await reader.read(name);
      // Whole seconds, rounded down.
      if (date !== undefined) ahead = date + 500 - clock.now();
      const problems = checkQueueSettings(name, settings, deadName);
      findings.push(
        problems.length === 0
          ? okFinding(checked, 'correct')
          : badFinding(checked, problems.join('. ')),
      );
    } catch (error) {
      findings.push(badFinding(checked, `${errorMessage(error)} (${errorCode(error) ?? 'Q601'})`));
    }
  }
  if (ahead !== undefined)
    findings.push(
      clockFinding(
        { id: 'queue-clock', what: 'clock of the queue server' },
        ahead,
        'configure NTP here; otherwise every signed request is refused',
      ),
    );
  return findings;
}
