/** `sluice network adopt` as a table. Pure. */
import type { Adoption } from '../../../shared/operations/network/adopt.ts';
import { formatTable } from '../terminal/output.ts';

/** One row for each entry of F5 CIS, or a sentence if there is none. */
export function adoptionTable({ devices }: Adoption): string {
  const rows = devices.flatMap(({ device, take, left }) => [
    ...take.map(({ change }) => [device, 'take over', change]),
    ...left.map(({ name, entry }) => [
      device,
      'stays',
      `  ${entry} (${name}): no member that Sluice knows needs it`,
    ]),
  ]);
  if (rows.length > 0) return formatTable(['DEVICE', 'WHAT', 'ENTRY'], rows);
  return devices.length === 0
    ? 'No device answered.'
    : `Nothing of F5 CIS on ${devices.map(({ device }) => device).join(', ')}.`;
}
