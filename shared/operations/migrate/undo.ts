/**
 * Gives an address back to F5 CIS: Sluice lets go first, because a virtual server in its way would
 * make BIG-IP refuse the whole tenant of CIS. Each step says in the cluster how to undo it, so the
 * command can be repeated after an interruption.
 */
import { EXPOSE_ANNOTATION } from '../../domain/exposure/sources/annotations.ts';
import type { RawObject } from '../../kubernetes/index.ts';
import type { AddressPlan } from './address-plan.ts';
import type { AskingGateway } from './asked.ts';
import {
  givingBack,
  HANDED_OVER_ANNOTATION,
  type HandedOver,
  handingOver,
  type WithheldGateway,
} from './handed-over.ts';
import { GATEWAY_KINDS, gatewayResource, requireRights, resourceOfObject } from './kinds.ts';
import {
  CIS_LIMIT_MS,
  type Interruption,
  interruptionBetween,
  isBackWithOthers,
  isFreeOfSluice,
  SLUICE_LIMIT_MS,
  waitUntil,
} from './switch.ts';
import { patch, type Switching } from './take.ts';

/** `plan` without problems. Rejects if one of both does not follow in time. */
export async function giveAddressBack(
  switching: Switching,
  plan: AddressPlan,
): Promise<Interruption> {
  const { context, author, site } = switching;
  const gateways = plan.exposures.flatMap((one) => one.gateways);
  await requireRights(site.client, [
    ...plan.objects.map(({ raw }) => ({
      ...resourceOfObject(raw),
      namespace: raw.metadata.namespace,
    })),
    ...gateways.map((one) => ({
      group: GATEWAY_KINDS[one.api].group,
      plural: 'gateways',
      namespace: placeOf(one).namespace,
    })),
  ]);
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
  const kept = await withhold(switching, plan);
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
  const ports = objects.flatMap(({ servers }) =>
    servers.filter((one) => one.address === address).map(({ port }) => port),
  );
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

/** An object that is being given back, with what it remembers. */
interface Kept {
  readonly raw: RawObject;
  readonly over: HandedOver;
}

/** Notes on the objects how the Gateways were, then withholds them. */
async function withhold(
  switching: Switching,
  { objects, exposures }: AddressPlan,
): Promise<readonly Kept[]> {
  const { site } = switching;
  const overs = objects.flatMap(({ raw, handedOver }) =>
    handedOver ? [{ raw, over: handedOver }] : [],
  );
  const earlier = withheldIn(overs);
  const gateways = exposures.flatMap((one) => one.gateways);
  const withheld = earlier.length > 0 ? earlier : await readExpose(switching, gateways);
  const kept = overs.map(({ raw, over }) => ({ raw, over: { ...over, withheld: [...withheld] } }));
  for (const { raw, over } of kept) await patch(site, raw, noting(over));
  for (const one of withheld) await setExpose(switching, one, 'false');
  return kept;
}

/** Each Gateway once, although every object of the address names it. */
function withheldIn(kept: readonly Kept[]): readonly WithheldGateway[] {
  const all = kept.flatMap(({ over }) => over.withheld ?? []);
  return [...new Map(all.map((one) => [`${one.api} ${one.gateway}`, one])).values()];
}

/** As the Gateways were before. */
async function expose(switching: Switching, kept: readonly Kept[]): Promise<void> {
  for (const one of withheldIn(kept)) await setExpose(switching, one, one.expose);
}

/** As before the command: F5 CIS finds no object, and Sluice exposes the Gateways. */
async function stayWithSluice(switching: Switching, kept: readonly Kept[]): Promise<void> {
  for (const { raw, over } of kept) {
    const { withheld: _withheld, ...before } = over;
    await patch(switching.site, raw, handingOver(before));
  }
  await expose(switching, kept);
}

/** The annotation alone, with another content. */
function noting(over: HandedOver): object {
  return { metadata: { annotations: { [HANDED_OVER_ANNOTATION]: JSON.stringify(over) } } };
}

function placeOf({ gateway }: Pick<AskingGateway, 'gateway'>): { name: string; namespace: string } {
  const at = gateway.indexOf('/');
  return { namespace: gateway.slice(0, at), name: gateway.slice(at + 1) };
}

/** Each Gateway once, with its annotation as it is. */
async function readExpose(
  { site: { client } }: Switching,
  gateways: readonly AskingGateway[],
): Promise<readonly WithheldGateway[]> {
  const each = [...new Map(gateways.map((one) => [`${one.api} ${one.gateway}`, one])).values()];
  return Promise.all(
    each.map(async ({ api, gateway }): Promise<WithheldGateway> => {
      const { name, namespace } = placeOf({ gateway });
      const found = await client.get(await gatewayResource(client, api), name, namespace);
      if (found === undefined)
        throw new Error(
          `Gateway ${gateway} does not exist itself (istiod makes it of an Ingress): ` +
            `set ${EXPOSE_ANNOTATION}: "false" where it comes from, then run this again`,
        );
      return { api, gateway, expose: found.metadata.annotations?.[EXPOSE_ANNOTATION] ?? null };
    }),
  );
}

async function setExpose(
  { site: { client } }: Switching,
  gateway: WithheldGateway,
  value: string | null,
): Promise<void> {
  await client.merge(await gatewayResource(client, gateway.api), placeOf(gateway), {
    metadata: { annotations: { [EXPOSE_ANNOTATION]: value } },
  });
}
