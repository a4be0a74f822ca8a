/** Lists changes that wait for unreachable devices, and cancels orders. */
import type { StoredChange, DeviceMark } from '../../failures/waiting/entry.ts';
import type { WaitingEntry } from '../../failures/waiting/place.ts';
import { ReplayError } from '../../failures/error.ts';
import type { Author, OperationContext } from '../context.ts';
import { formatAge, formatCount } from '../../domain/text/counts.ts';

/** One waiting change or order. */
export interface WaitingRow {
  readonly id: string;
  readonly device: string;
  readonly kind: StoredChange['kind'];
  /** Owner, cluster or device. */
  readonly subject: string;
  readonly what: string;
  /** Time of the first sending, and start of the wait; milliseconds since 1970. */
  readonly sentAt: number;
  readonly since: number;
}

/** A device for which changes wait. */
export interface WaitingDevice {
  readonly device: string;
  readonly state: DeviceMark['state'];
  /** Start of the outage, its reason, and the time of the next probe. */
  readonly since: number;
  readonly code: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly due: number;
  /** Ingresses whose newest slice waits. */
  readonly ingresses: number;
  /** Orders that wait. */
  readonly orders: number;
}

/** The data of `sluice waiting list`. */
export interface WaitingView {
  readonly devices: readonly WaitingDevice[];
  /** Orders first, then by sending time. */
  readonly entries: readonly WaitingRow[];
}

/** Combines marks and entries to the view. */
export function waitingView(
  marks: readonly DeviceMark[],
  waiting: readonly WaitingEntry[],
): WaitingView {
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

/** Omitted if the device answers and nothing waits for it. */
function deviceOf(
  { device, state, since, code, reason, due }: DeviceMark,
  entries: readonly WaitingRow[],
): readonly WaitingDevice[] {
  const own = entries.filter((entry) => entry.device === device);
  if (state === 'here' && own.length === 0) return [];
  const ingresses = own.filter(({ kind }) => kind === 'slice').length;
  return [{ device, state, since, code, reason, due, ingresses, orders: own.length - ingresses }];
}

/** The sentence for `status` and `doctor`. */
export function describeWaitingDevice(
  { device, state, since, code, reason, ingresses, orders }: WaitingDevice,
  now: number,
): string {
  const waits = `${formatCount(ingresses, 'ingress', 'ingresses')} and ${formatCount(orders, 'order')}`;
  if (state !== 'away') return `${device} answers again; ${waits} are being sent to it`;
  return (
    `${device} has been unreachable or failing for ${formatAge(since, now)}, ` +
    `since ${new Date(since).toISOString()} (${code}: ${reason}); ` +
    `${waits} are waiting, and Sluice applies them when the device works again`
  );
}

/** Reads everything that waits, for all devices. */
export async function listWaiting({
  waiting,
}: Pick<OperationContext, 'waiting'>): Promise<WaitingView> {
  return waitingView(await waiting.marks(), await waiting.list());
}

/** Finds the order with this id; throws if it does not exist or is not an order. */
export async function findWaitingOrder(
  { waiting }: Pick<OperationContext, 'waiting'>,
  id: string,
): Promise<WaitingEntry> {
  const found = (await waiting.list()).filter(({ entry }) => entry.id === id);
  const [only] = found;
  if (only === undefined)
    throw new ReplayError(
      'RPL702',
      `Nothing with the id ${id} is waiting; ` +
        '"sluice waiting list" shows the waiting changes. ' +
        'An order that went back to the queue can no longer be cancelled.',
    );
  if (only.entry.kind !== 'order' && only.entry.kind !== 'audit')
    throw new ReplayError(
      'RPL703',
      `${id} is not an order but the newest slice of ${only.entry.subject}; its next slice replaces it.`,
    );
  return only;
}

/** Recorded in the audit log before it is cancelled, so that no cancellation is missing. */
export async function cancelOrder(
  { waiting, audit }: Pick<OperationContext, 'waiting' | 'audit'>,
  found: WaitingEntry,
  { who, why }: Author,
): Promise<void> {
  const { device, what, id } = found.entry;
  if ((await waiting.mark(device))?.state === 'returning')
    throw new ReplayError(
      'RPL703',
      `${device} answers again, and its waiting changes are on their way; give the opposite order instead.`,
    );
  const selection = `${id} on ${device}: ${what}`;
  await audit.record({ who, action: 'waiting cancel', selection, why }, async () => {
    await waiting.remove(found);
    return { result: 'cancelled', value: undefined };
  });
}
