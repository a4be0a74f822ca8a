/**
 * After a take that gave up, F5 CIS gets its objects back, and Sluice must not have the address
 * meanwhile: a virtual server in its way would make BIG-IP refuse the whole tenant of CIS.
 */
import type { RawObject } from '../../kubernetes/index.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type { AddressPlan } from './address-plan.ts';
import { givingBack, type HandedOver } from './handed-over.ts';
import { CIS_LIMIT_MS, isBackWithOthers, isFreeOfSluice, portsAt, waitUntil } from './switch.ts';
import { patch, type Switching } from './switching.ts';
import { expose, type Kept, noteGateways, withheldIn, withhold } from './withhold.ts';

/** An object that F5 CIS let go of. */
export interface LetGo {
  /** `Kind namespace/name` */
  readonly object: string;
  readonly raw: RawObject;
  readonly over: HandedOver;
}

/**
 * Withholds the Gateways, gives each object back, whatever becomes of the others, and lets Sluice
 * wait for the address again when F5 CIS has it. Never rejects; returns what to tell.
 */
export async function takeBack(
  switching: Switching,
  plan: AddressPlan,
  objects: readonly LetGo[],
): Promise<string> {
  return `${await returnObjects(switching, plan, objects)}${stillAway(plan)}`;
}

/** What an earlier take let go of stays: whether Sluice declares it already is not known. */
function stillAway({ address, away }: AddressPlan): string {
  if (away.length === 0) return '';
  const names = away.map(({ object }) => object).join(', ');
  return (
    `. Still handed over by an earlier take: ${names}; ` +
    `run "sluice migrate cis undo ${address}" to give it back`
  );
}

async function returnObjects(
  switching: Switching,
  plan: AddressPlan,
  objects: readonly LetGo[],
): Promise<string> {
  const { address, away } = plan;
  if (objects.length === 0)
    return away.length === 0 ? 'Nothing was changed' : 'This take changed nothing';
  const hold = await holdOff(switching, plan, objects);
  const lost: string[] = [];
  const given: LetGo[] = [];
  for (const one of objects)
    try {
      await patch(switching.site, one.raw, givingBack(one.over, hold.kept.get(one.raw)));
      given.push(one);
    } catch (error) {
      lost.push(`${one.object} (${errorMessage(error)})`);
    }
  if (lost.length > 0)
    return `Not given back to F5 CIS: ${lost.join(', ')}; run "sluice migrate cis undo ${address}"`;
  const said = 'The objects were given back to F5 CIS';
  if (hold.why !== undefined) return `${said}. ${openEnd(address, hold)}`;
  return `${said}${await followBack(switching, plan, given, hold.kept)}`;
}

/** What is noted on the objects; `why`: Sluice may take the address all the same. */
interface Hold {
  readonly kept: ReadonlyMap<RawObject, HandedOver>;
  readonly why?: string;
}

async function holdOff(
  switching: Switching,
  plan: AddressPlan,
  objects: readonly LetGo[],
): Promise<Hold> {
  if (plan.shared.length > 0) return { kept: new Map(), why: plan.shared.join('; ') };
  let kept: Hold['kept'] = new Map();
  try {
    const noted = await noteGateways(switching, objects, plan);
    kept = new Map(noted.map(({ raw, over }) => [raw, over]));
    await withhold(switching, noted);
    return { kept };
  } catch (error) {
    return { kept, why: errorMessage(error) };
  }
}

function openEnd(address: string, { kept, why }: Hold): string {
  const remedy =
    kept.size > 0
      ? `run "sluice migrate cis undo ${address}"`
      : `set sluice.io/expose of the Gateways so that they ask for nothing at ${address}`;
  return (
    `Sluice still waits for ${address} and could not be held off (${why}): should it declare ` +
    `the address before F5 CIS does, BIG-IP refuses the tenant of F5 CIS. Then ${remedy}`
  );
}

/** When F5 CIS has the address, Sluice waits for it as before. Otherwise it is withheld. */
async function followBack(
  switching: Switching,
  plan: AddressPlan,
  objects: readonly LetGo[],
  noted: ReadonlyMap<RawObject, HandedOver>,
): Promise<string> {
  const { context, site, say } = switching;
  const { device } = site;
  const { address, partitions } = plan;
  const kept: readonly Kept[] = objects.map(({ raw, over }) => ({
    raw,
    over: noted.get(raw) ?? over,
  }));
  say(`Sluice withholds ${address}; waiting until F5 CIS has it again`);
  const ports = portsAt(address, plan.objects);
  const isBack = async (): Promise<boolean> =>
    (await isFreeOfSluice(device, partitions, address)) &&
    (await isBackWithOthers(device, address, ports));
  try {
    if ((await waitUntil(context.runtime.clock, isBack, CIS_LIMIT_MS)) === undefined)
      throw new Error(`F5 CIS does not have it after ${CIS_LIMIT_MS / 1_000} s`);
    await expose(switching, kept);
    for (const { raw, over } of kept) await patch(site, raw, givingBack(over));
    return ', which has the address again';
  } catch (error) {
    const gateways = withheldIn(kept).map(({ gateway }) => gateway);
    return (
      `. ${errorMessage(error)}: until "sluice migrate cis undo ${address}" has ended, ` +
      `sluice.io/expose of ${gateways.join(', ')} is "false", so that Sluice does not take it`
    );
  }
}
