/**
 * Information for owners of shared exposures: requested settings without effect, who decides, and
 * who waits. Nothing is refused.
 */
import { exposureWithKey } from '../exposure/exposure.ts';
import { keptNodes } from './excluded-nodes.ts';
import { isHeldOpen } from './refused-anew.ts';
import type { Settings } from '../exposure/settings/settings.ts';
import { dependsOnMode, namesBehind, settingValue } from '../exposure/settings/compose.ts';
import type { Slice } from '../exposure/exposure.ts';
import type { Contribution, DeclaredExposure } from '../declared/declared.ts';
import type { PlanDraft } from './draft.ts';
import { sharingRules } from './draft.ts';
import type { PlanEntry, Remark } from './plan-entry.ts';
import { fleetSettings } from './fleet.ts';
import type { SharingRules } from './shared-exposure.ts';
import { deciderOf, fleetOfOwner, partsOf } from './shared-exposure.ts';

type SettingKey = keyof Settings;

/** Adds remarks to the entries of owners with a slice in this plan. */
export function addRemarks(draft: PlanDraft, slices: readonly Slice[]): void {
  const bySlice = new Map(slices.map((slice) => [slice.owner, slice]));
  const waiting = waitingByKey(draft);
  for (const [i, entry] of draft.entries.entries()) {
    const slice = bySlice.get(entry.owner);
    const exposure = draft.exposures.get(entry.key);
    const mine = exposure?.contributions.find((c) => c.owner === entry.owner);
    if (!slice || !exposure || !mine || !TELLING.has(entry.kind)) continue;
    const remarks = [
      ...unheard(exposure, mine, { slice, key: entry.key, rules: sharingRules(draft) }),
      ...fallback(mine, sharingRules(draft)),
      ...others(entry, waiting),
      ...open(exposure, { slice, key: entry.key }),
      ...keptNodes(slice, exposure),
    ];
    if (remarks.length > 0)
      draft.entries[i] = {
        ...entry,
        remarks,
        reason: [
          entry.reason,
          ...remarks.filter(({ code }) => code !== 'OWN341').map(({ message }) => message),
        ].join('; '),
      };
  }
}

/** Outcomes with which an owner has the exposure; others have a reason of their own. */
const TELLING: ReadonlySet<PlanEntry['kind']> = new Set<PlanEntry['kind']>([
  'create',
  'update',
  'unchanged',
]);

interface Told {
  /** Of the owner that is told. */
  readonly slice: Slice;
  readonly key: string;
  /** Which settings a fleet decides. */
  readonly rules: SharingRules;
}

/** A default that is overridden is not reported. */
function unheard(
  exposure: DeclaredExposure,
  mine: Contribution,
  { slice, key, rules }: Told,
): readonly Remark[] {
  const sources = slice.sources[key];
  const isDefault = (name: SettingKey): boolean =>
    sources !== undefined &&
    namesBehind(name).every((one) => (sources[one] ?? 'default') === 'default');
  return Object.entries(mine.wish ?? {})
    .filter(([name]) => !isDefault(name as SettingKey))
    .map(([name, requested]) => {
      const held = settingValue(exposure.settings, name as SettingKey);
      return {
        code: 'OWN340',
        message:
          `${key} is shared: its ${name} is ${inWords(held)}, not ${inWords(requested)}, ` +
          `because ${deciding(exposure, name as SettingKey, rules)}`,
      };
    });
}

/** Who decides the setting: the mode of the fleet, its settings, or the oldest gateway. */
function deciding(exposure: DeclaredExposure, name: SettingKey, rules: SharingRules): string {
  const decider = deciderOf(partsOf(exposure))?.contribution.owner ?? '';
  const fleet = fleetOfOwner(decider, rules);
  if (fleet?.mode === 'ratio' && name === 'balance') return `fleet ${fleet.name} has mode ratio`;
  const said = fleet ? fleetSettings(fleet, exposure.protocol) : {};
  if (fleet && (name in said || ('mode' in said && dependsOnMode(name))))
    return `fleets[].settings of fleet ${fleet.name} in sluice.yaml sets it`;
  return `${decider} has the oldest gateway there and decides`;
}

function inWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Ratios of clusters need nodes of their own, so that they cannot be kept with shared nodes. */
function fallback(mine: Contribution, { shareNodes, fleetOf }: SharingRules): readonly Remark[] {
  const fleet = fleetOfOwner(mine.owner, { fleetOf });
  if (mine.weight === undefined || !shareNodes || !fleet) return [];
  return [
    {
      code: 'OWN341',
      message:
        `fleet ${fleet.name} has mode ratio, but the partition shares its nodes ` +
        'with others of the device; ' +
        'so the ratio applies to each member, regardless of how many members a cluster has',
    },
  ];
}

/**
 * The Service names networks, but the existing exposure admits all clients until the Service or a
 * Gateway changes.
 */
function open(
  { settings }: DeclaredExposure,
  { slice, key }: Omit<Told, 'rules'>,
): readonly Remark[] {
  const request = exposureWithKey(slice, key);
  const network = request?.settings.source;
  if (request === undefined || network === undefined || !isHeldOpen(slice, request, settings))
    return [];
  return [
    {
      code: 'GW158',
      message:
        `${key} accepts connections from every client as before, ` +
        `though the Service asks for ${network} only; ` +
        'it is restricted with the next change of the Service or Gateway, ' +
        `or at once by annotation sluice.io/source: ${network}`,
    },
  ];
}

/** Names the owners that wait for the exposure, for its holder. */
function others(
  { key, owner }: PlanEntry,
  waiting: ReadonlyMap<string, readonly string[]>,
): readonly Remark[] {
  const owners = (waiting.get(key) ?? []).filter((one) => one !== owner);
  return owners.length === 0
    ? []
    : [
        {
          code: 'OWN342',
          message: `${owners.join(', ')} also request${owners.length === 1 ? 's' : ''} ${key}, and may not share it`,
        },
      ];
}

/** An owner whose new members wait for their nodes already shares the exposure. */
function waitingByKey({ owners, exposures }: PlanDraft): ReadonlyMap<string, readonly string[]> {
  const shares = (owner: string, key: string): boolean =>
    exposures.get(key)?.contributions.some((c) => c.owner === owner) ?? false;
  const claims = [...owners].flatMap(([owner, record]) =>
    [...record.claims.keys()].filter((key) => !shares(owner, key)).map((key) => ({ owner, key })),
  );
  return new Map(
    [...Map.groupBy(claims, ({ key }) => key)].map(([key, list]) => [
      key,
      list.map(({ owner }) => owner).sort(),
    ]),
  );
}
