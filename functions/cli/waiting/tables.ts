/** Changes that wait for unreachable devices, as tables. Pure. */
import { describeWaitingDevice } from '../../../shared/operations/waiting/waiting.ts';
import type { WaitingView } from '../../../shared/operations/waiting/waiting.ts';
import { formatAge } from '../../../shared/domain/text/counts.ts';
import { formatTable } from '../terminal/output.ts';

/**
 * A sentence for each device, then one row for each change. `now` is in milliseconds since 1970.
 */
export function waitingText({ devices, entries }: WaitingView, now: number): string {
  if (devices.length === 0 && entries.length === 0) return 'Nothing waits.';
  const words = devices.map((one) => describeWaitingDevice(one, now)).join('\n');
  if (entries.length === 0) return words;
  const rows = entries.map(({ id, device, kind, subject, sentAt, since, what }) => [
    id,
    device,
    kind,
    subject,
    `${formatAge(sentAt, now)} ago`,
    formatAge(since, now),
    what,
  ]);
  return [
    ...(words === '' ? [] : [words]),
    formatTable(['ID', 'DEVICE', 'KIND', 'OF', 'SENT', 'WAITS', 'WHAT'], rows),
  ].join('\n\n');
}
