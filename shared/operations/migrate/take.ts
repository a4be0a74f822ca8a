/** Takes an address over from F5 CIS: CIS lets go, then Sluice declares what waits for it. */
import { sendOrders } from '../../queue/steering.ts';
import type { RetryOrder } from '../../domain/steering/steering.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type { AddressPlan } from './address-plan.ts';
import type { AskedExposure } from './asked.ts';
import { type HandedOver, handingOver } from './handed-over.ts';
import type { CisOwned } from './owned.ts';
import {
  areDeclared,
  CIS_LIMIT_MS,
  type Interruption,
  interruptionBetween,
  isFreeOfOthers,
  SLUICE_LIMIT_MS,
  waitUntil,
} from './switch.ts';
import { patch, type Switching } from './switching.ts';
import { type LetGo, takeBack } from './take-back.ts';
import { gatewaysOf, requireSwitchRights } from './withhold.ts';

/**
 * `plan` without problems. If F5 CIS does not let go or Sluice does not declare in time, it gives the
 * objects back and rejects.
 */
export async function takeOverAddress(
  switching: Switching,
  plan: AddressPlan,
): Promise<Interruption> {
  const { context, author } = switching;
  const { address, objects } = plan;
  await requireSwitchRights(switching, objects, plan.shared.length > 0 ? [] : gatewaysOf(plan));
  const selection = `${address}: ${objects.map(({ object }) => object).join(', ')}`;
  return context.audit.record(
    { who: author.who, action: 'migrate cis take', selection, why: author.why },
    async () => {
      const over: LetGo[] = [];
      try {
        for (const one of objects) over.push(await letGo(switching, address, one));
        return { result: 'taken over', value: await follow(switching, plan) };
      } catch (error) {
        const said = await takeBack(switching, plan, over);
        throw new Error(`${errorMessage(error)}. ${said}`, { cause: error });
      }
    },
  );
}

/** F5 CIS finds its objects no more. */
async function follow(
  { context, site: { device }, say }: Switching,
  { address, partitions, exposures }: AddressPlan,
): Promise<Interruption> {
  const { clock } = context.runtime;
  say(`F5 CIS finds nothing for ${address} any more; waiting until ${device.name} is free of it`);
  const gone = await waitUntil(clock, () => isFreeOfOthers(device, address), CIS_LIMIT_MS);
  if (gone === undefined)
    throw new Error(
      `${device.name} still has virtual servers of others at ${address} after ` +
        `${CIS_LIMIT_MS / 1_000} s: look at the log of F5 CIS, or whether one of another cluster ` +
        'has the same address',
    );
  say(`${address} is free; asking apply to declare what waits for it`);
  await sendOrders(context.runtime, retryOrders(device.name, exposures));
  const isThere = (): Promise<boolean> => areDeclared(device, partitions, exposures);
  const come = await waitUntil(clock, isThere, SLUICE_LIMIT_MS);
  if (come === undefined)
    throw new Error(
      `Sluice did not declare ${exposures.map(({ key }) => key).join(', ')} within ` +
        `${SLUICE_LIMIT_MS / 1_000} s ("sluice why" and "sluice failures groups" tell the reason)`,
    );
  return interruptionBetween(gone, come);
}

function retryOrders(device: string, exposures: readonly AskedExposure[]): readonly RetryOrder[] {
  const owners = [...new Set(exposures.map(({ owner }) => owner))];
  return owners.map((owner) => ({ action: 'retry', device, owner }));
}

async function letGo(
  { context, site, author }: Switching,
  address: string,
  { object, label, raw }: CisOwned,
): Promise<LetGo> {
  if (label === undefined) throw new Error(`${object}: F5 CIS finds it by no label`);
  const at = new Date(context.runtime.clock.now()).toISOString();
  const over: HandedOver = { address, label, at, by: author.who.slice(0, 200) };
  await patch(site, raw, handingOver(over, raw.metadata.resourceVersion));
  return { object, raw, over };
}
