/** What waits for devices that are away, as people see it. Pure. */
import type { Entry, Mark } from '../../failures/waiting/entry.ts';
import type { Waiting } from '../../failures/waiting/place.ts';
import { formatAge, formatCount } from '../words.ts';

export interface WaitingRow {
  readonly id: string;
  readonly device: string;
  readonly kind: Entry['kind'];
  /** Owner, cluster or device. */
  readonly subject: string;
  readonly what: string;
  /** When it was first sent, and since when it waits here; milliseconds since 1970. */
  readonly sentAt: number;
  readonly since: number;
}

export interface WaitingDevice {
  readonly device: string;
  readonly state: Mark['state'];
  /** Since when it is away, why, and when it is asked again. */
  readonly since: number;
  readonly code: string;
  readonly reason: string;
  readonly due: number;
  readonly ingresses: number;
  readonly orders: number;
}

export interface WaitingView {
  readonly devices: readonly WaitingDevice[];
  /** Orders first, then by the time they were sent. */
  readonly entries: readonly WaitingRow[];
}

export function waitingView(marks: readonly Mark[], waiting: readonly Waiting[]): WaitingView {
  const rows = waiting.map(
    ({ entry: { id, device, kind, subject, what, sentAt, since } }): WaitingRow => ({
      id,
      device,
      kind,
      subject,
      what,
      sentAt,
      since,
    }),
  );
  const entries = rows.toSorted(
    (a, b) => Number(a.kind === 'slice') - Number(b.kind === 'slice') || a.sentAt - b.sentAt,
  );
  return { devices: marks.flatMap((mark) => deviceOf(mark, entries)), entries };
}

function deviceOf(
  { device, state, since, code, reason, due }: Mark,
  entries: readonly WaitingRow[],
): readonly WaitingDevice[] {
  const own = entries.filter((entry) => entry.device === device);
  if (state === 'here' && own.length === 0) return [];
  const ingresses = own.filter(({ kind }) => kind === 'slice').length;
  return [{ device, state, since, code, reason, due, ingresses, orders: own.length - ingresses }];
}

export function describeWaitingDevice(
  { device, state, since, code, reason, ingresses, orders }: WaitingDevice,
  now: number,
): string {
  const waits = `${formatCount(ingresses, 'ingress', 'ingresses')} and ${formatCount(orders, 'order')}`;
  if (state !== 'away') return `${device} answers again; ${waits} go back to it`;
  return `${device} is away for ${formatAge(since, now)}, since ${new Date(since).toISOString()} (${code}: ${reason}); ${waits} wait, and are applied by themselves when it works again`;
}
