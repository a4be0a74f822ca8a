/** What is declared on the device, as far as paths depend on it. */
import type { PartitionReading } from '../../../shared/device/reading.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { checkFence } from '../../../shared/domain/plan/fence.ts';
import type { PathJob } from './job.ts';

/** The partitions of the device. */
export interface DeclaredSite {
  /** Valid for one use. */
  readonly readings: ReadonlyMap<string, PartitionReading>;
  /** By partition; without those that Sluice cannot read. */
  readonly states: ReadonlyMap<string, DeclaredState>;
}

/** Reads every partition of the device. Rejects with a DeviceError. */
export async function readDeclared({ device, config }: PathJob): Promise<DeclaredSite> {
  const readings = new Map<string, PartitionReading>();
  for (const partition of config.partitions) readings.set(partition, await device.read(partition));
  const states = [...readings].flatMap(([partition, reading]) =>
    reading.kind === 'ours' ? [[partition, reading.declared.state] as const] : [],
  );
  return { readings, states: new Map(states) };
}

/**
 * Whether the slice is as new as what is declared, and from the cluster that it names. If none of
 * its partitions can be read, nobody knows, and nothing of it is declared.
 */
export function isAdmitted(slice: Slice, states: ReadonlyMap<string, DeclaredState>): boolean {
  const { exposures } = slice;
  const isUnknown = exposures.every(({ partition }) => !states.has(partition));
  if (exposures.length > 0 && isUnknown) return false;
  return [...states.values()].every((state) => {
    const { kind } = checkFence(state, slice);
    return kind === 'open' || kind === 'unasked';
  });
}
