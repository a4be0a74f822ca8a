/** Planned changes that apply would leave out, because the device lacks what they refer to. */
import type { Device } from '../../device/device.ts';
import { type Reference, referencesOf } from '../../device/references.ts';
import type { Plan, PlanEntry } from '../../domain/plan/plan.ts';

function idOf({ kind, path }: Reference): string {
  return `${kind} ${path}`;
}

/** New or changed exposures with what their settings need. */
function neededBy(plan: Plan, { kind, key }: PlanEntry): readonly Reference[] {
  const settings = plan.next.exposures[key]?.settings;
  const isMade = kind === 'create' || kind === 'update';
  return isMade && settings !== undefined ? referencesOf(settings) : [];
}

/** The plans with these changes rejected. The device is only asked about what they need. */
export async function rejectMissing(
  device: Pick<Device, 'missing'>,
  plans: readonly Plan[],
): Promise<readonly Plan[]> {
  const all = plans.flatMap((plan) => plan.entries.flatMap((entry) => neededBy(plan, entry)));
  const unique = [...new Map(all.map((one) => [idOf(one), one])).values()];
  if (unique.length === 0) return plans;
  const missing = new Map((await device.missing(unique)).map((one) => [idOf(one), one]));
  return plans.map((plan) => ({
    ...plan,
    entries: plan.entries.map((entry): PlanEntry => {
      const lacking = neededBy(plan, entry).flatMap((one) => missing.get(idOf(one)) ?? []);
      const [first] = lacking;
      if (first === undefined) return entry;
      return {
        ...entry,
        kind: 'rejected',
        code: first.kind === 'module' ? 'BIP425' : 'BIP424',
        reason: lacking.map(({ response }) => response).join('; '),
      };
    }),
  }));
}
