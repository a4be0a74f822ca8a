/**
 * Gateways that expose nothing while F5 CIS is to have an address. How they were is noted on the
 * objects of F5 CIS before, so that whoever comes next can undo it.
 */
import { EXPOSE_ANNOTATION } from '../../domain/exposure/sources/annotations.ts';
import type { RawObject } from '../../kubernetes/index.ts';
import type { AddressPlan } from './address-plan.ts';
import type { AskingGateway } from './asked.ts';
import { HANDED_OVER_ANNOTATION, type HandedOver, type WithheldGateway } from './handed-over.ts';
import { GATEWAY_KINDS, gatewayResource, requireRights, resourceOfObject } from './kinds.ts';
import { patch, type Switching } from './switching.ts';

/** An object that is being given back, with what it remembers. */
export interface Kept {
  readonly raw: RawObject;
  readonly over: HandedOver;
}

/** Each Gateway behind the exposures, as often as it asks. */
export function gatewaysOf({
  exposures,
}: Pick<AddressPlan, 'exposures'>): readonly AskingGateway[] {
  return exposures.flatMap((one) => one.gateways);
}

/** Throws before anything is changed if this account may not write objects or Gateways. */
export async function requireSwitchRights(
  { site }: Pick<Switching, 'site'>,
  objects: readonly { readonly raw: RawObject }[],
  gateways: readonly AskingGateway[],
): Promise<void> {
  await requireRights(site.client, [
    ...objects.map(({ raw }) => ({ ...resourceOfObject(raw), namespace: raw.metadata.namespace })),
    ...gateways.map((one) => ({
      group: GATEWAY_KINDS[one.api].group,
      plural: 'gateways',
      namespace: placeOf(one).namespace,
    })),
  ]);
}

/** Notes on the objects how the Gateways are, unless they say so from an earlier try. */
export async function noteGateways(
  switching: Pick<Switching, 'site'>,
  overs: readonly Kept[],
  plan: Pick<AddressPlan, 'exposures'>,
): Promise<readonly Kept[]> {
  const earlier = withheldIn(overs);
  const withheld = earlier.length > 0 ? earlier : await readExpose(switching, gatewaysOf(plan));
  const kept = overs.map(({ raw, over }) => ({ raw, over: { ...over, withheld: [...withheld] } }));
  for (const { raw, over } of kept) await patch(switching.site, raw, noting(over));
  return kept;
}

/** Gateways that were noted expose nothing from now on. */
export async function withhold(
  switching: Pick<Switching, 'site'>,
  kept: readonly Kept[],
): Promise<void> {
  for (const one of withheldIn(kept)) await setExpose(switching, one, 'false');
}

/** Each Gateway once, although every object of the address names it. */
export function withheldIn(kept: readonly Kept[]): readonly WithheldGateway[] {
  const all = kept.flatMap(({ over }) => over.withheld ?? []);
  return [...new Map(all.map((one) => [`${one.api} ${one.gateway}`, one])).values()];
}

/** As the Gateways were before. */
export async function expose(
  switching: Pick<Switching, 'site'>,
  kept: readonly Kept[],
): Promise<void> {
  for (const one of withheldIn(kept)) await setExpose(switching, one, one.expose);
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
  { site: { client } }: Pick<Switching, 'site'>,
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
  { site: { client } }: Pick<Switching, 'site'>,
  gateway: WithheldGateway,
  value: string | null,
): Promise<void> {
  await client.merge(await gatewayResource(client, gateway.api), placeOf(gateway), {
    metadata: { annotations: { [EXPOSE_ANNOTATION]: value } },
  });
}
