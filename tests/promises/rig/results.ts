/** A result says what is on the device at that moment. */
import type { Settled, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposureKey, exposureWithKey } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredExposure } from '../../../shared/domain/declared/declared.ts';
import { isSameContent } from '../../../shared/domain/declared/declared.ts';
import { compareVersions, formatRevision } from '../../../shared/domain/revision.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';

/** `waits`: whether a new member may wait, because no path leads to it. */
export function untrue(
  device: MemoryDevice,
  settled: Settled,
  { asked, waits }: { readonly asked: Slice | undefined; readonly waits: (pod: string) => boolean },
): readonly string[] {
  const { owner, version, exposures } = settled;
  if (asked === undefined) return [];
  return exposures.flatMap((result) => {
    const key = exposureKey(result);
    const wanted = exposureWithKey(asked, key);
    if (result.outcome === 'retry' || wanted === undefined) return [];
    const state = device.state(wanted.partition);
    const current = state.owners[owner]?.version;
    if (current === undefined || compareVersions(current, version) !== 0) return [];
    const isThere = isDeclared(state.exposures[key], { owner, wanted, waits });
    const saysSo = result.outcome === 'applied' || result.outcome === 'unchanged';
    return saysSo === isThere
      ? []
      : [
          `9: ${key} of ${owner} at ${formatRevision(version)} on ${device.name} is said to be ${result.outcome} ` +
            `and ${isThere ? 'is' : 'is not'} declared so`,
        ];
  });
}

function isDeclared(
  declared: DeclaredExposure | undefined,
  {
    owner,
    wanted,
    waits,
  }: {
    readonly owner: string;
    readonly wanted: NonNullable<ReturnType<typeof exposureWithKey>>;
    readonly waits: (pod: string) => boolean;
  },
): boolean {
  const mine = declared?.contributions.find((one) => one.owner === owner);
  // A fleet decides about what several clusters share.
  const isShared = (declared?.contributions.length ?? 0) > 1;
  if (mine === undefined || !(isShared || isSameContent(declared?.settings, wanted.settings)))
    return false;
  const has = new Set(mine.members.map(({ address }) => address));
  // A pod that is not ready becomes no member, and a member that is not ready any more stays one.
  return (
    wanted.members.every(
      ({ availability, address }) => availability !== 'ready' || has.has(address) || waits(address),
    ) && mine.members.every(({ address }) => wanted.members.some((one) => one.address === address))
  );
}
