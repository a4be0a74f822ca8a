/**
 * Gives an address back to F5 CIS: Sluice lets go first, because a virtual server in its way would
 * make BIG-IP refuse the whole tenant of CIS. Each step says in the cluster how to undo it, so the
 * command can be repeated after an interruption.
 */
import type { AddressPlan } from './address-plan.ts';
import { givingBack, handingOver } from './handed-over.ts';
import {
  CIS_LIMIT_MS,
  type Interruption,
  interruptionBetween,
  isBackWithOthers,
  isFreeOfSluice,
  portsAt,
  SLUICE_LIMIT_MS,
  waitUntil,
} from './switch.ts';
import { patch, type Switching } from './switching.ts';
import {
  expose,
  gatewaysOf,
  type Kept,
  noteGateways,
  requireSwitchRights,
  withhold,
} from './withhold.ts';

/** `plan` without problems. Rejects if one of both does not follow in time. */
export async function giveAddressBack(
  switching: Switching,
  plan: AddressPlan,
): Promise<Interruption> {
  const { context, author } = switching;
  await requireSwitchRights(switching, plan.objects, gatewaysOf(plan));
  const selection = `${plan.address}: ${plan.objects.map(({ object }) => object).join(', ')}`;
  return context.audit.record(
    { who: author.who, action: 'migrate cis undo', selection, why: author.why },
    async () => ({ result: 'given back', value: await giveBack(switching, plan) }),
  );
}

async function giveBack(switching: Switching, plan: AddressPlan): Promise<Interruption> {
  const { context, site, say } = switching;
  const { clock } = context.runtime;
  const { device } = site;
  const { address, objects, partitions } = plan;
  const overs = objects.flatMap(({ raw, handedOver }) =>
    handedOver ? [{ raw, over: handedOver }] : [],
  );
  const kept = await noteGateways(switching, overs, plan);
  await withhold(switching, kept);
  say(`Sluice withholds ${address}; waiting until ${device.name} has nothing of Sluice there`);
  const gone = await waitUntil(
    clock,
    () => isFreeOfSluice(device, partitions, address),
    SLUICE_LIMIT_MS,
  );
  if (gone === undefined) {
    await stayWithSluice(switching, kept);
    throw new Error(
      `Sluice did not remove its virtual servers at ${address} within ${SLUICE_LIMIT_MS / 1_000} s ` +
        '("sluice status" tells whether a removal waits for approval). It keeps the address',
    );
  }
  for (const { raw, over } of kept) await patch(site, raw, givingBack(over, over));
  say(`F5 CIS finds ${objects.map(({ object }) => object).join(', ')} again; waiting for it`);
  const ports = portsAt(address, objects);
  const come = await waitUntil(clock, () => isBackWithOthers(device, address, ports), CIS_LIMIT_MS);
  if (come === undefined) {
    await stayWithSluice(switching, kept);
    throw new Error(
      `F5 CIS has not declared ${address} within ${CIS_LIMIT_MS / 1_000} s: look at its log. ` +
        'Its objects are handed over again, and Sluice takes the address back',
    );
  }
  await expose(switching, kept);
  for (const { raw, over } of kept) await patch(site, raw, givingBack(over));
  return interruptionBetween(gone, come);
}

/** As before the command: F5 CIS finds no object, and Sluice exposes the Gateways. */
async function stayWithSluice(switching: Switching, kept: readonly Kept[]): Promise<void> {
  for (const { raw, over } of kept) {
    const { withheld: _withheld, ...before } = over;
    await patch(switching.site, raw, handingOver(before));
  }
  await expose(switching, kept);
}
