/** Takes an address over from F5 CIS: CIS lets go, then Sluice declares what waits for it. */
import { sendOrders } from '../../queue/steering.ts';
import type { RetryOrder } from '../../domain/steering/steering.ts';
import type { RawObject } from '../../kubernetes/index.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type { Author, OperationContext } from '../context.ts';
import type { AddressPlan } from './address-plan.ts';
import type { AskedExposure } from './asked.ts';
import type { CisOwned } from './owned.ts';
import { givingBack, type HandedOver, handingOver } from './handed-over.ts';
import { requireRights, resourceOfObject } from './kinds.ts';
import type { MigrationSite } from './read.ts';
import {
  areDeclared,
  CIS_LIMIT_MS,
  type Interruption,
  interruptionBetween,
  isFreeOfOthers,
  SLUICE_LIMIT_MS,
  waitUntil,
} from './switch.ts';

/** What a switch needs; `say` is called before each step that takes time. */
export interface Switching {
  readonly context: Pick<OperationContext, 'runtime'> & {
    readonly audit: Pick<OperationContext['audit'], 'record'>;
  };
  readonly site: Pick<MigrationSite, 'client' | 'device'>;
  readonly author: Author;
  readonly say: (step: string) => void;
}

/**
 * `plan` without problems. If F5 CIS does not let go or Sluice does not declare in time, it gives the
 * objects back and rejects.
 */
export async function takeOverAddress(
  switching: Switching,
  plan: AddressPlan,
): Promise<Interruption> {
  const { context, site, author } = switching;
  const { address, objects } = plan;
  await requireRights(
    site.client,
    objects.map(({ raw }) => ({ ...resourceOfObject(raw), namespace: raw.metadata.namespace })),
  );
  const selection = `${address}: ${objects.map(({ object }) => object).join(', ')}`;
  return context.audit.record(
    { who: author.who, action: 'migrate cis take', selection, why: author.why },
    async () => {
      const over: CisOwned[] = [];
      try {
        for (const one of objects) {
          await letGo(switching, address, one);
          over.push(one);
        }
        return { result: 'taken over', value: await follow(switching, plan) };
      } catch (error) {
        const said = await takeBack(switching, address, over);
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
): Promise<void> {
  if (label === undefined) throw new Error(`${object}: F5 CIS finds it by no label`);
  const at = new Date(context.runtime.clock.now()).toISOString();
  const over: HandedOver = { address, label, at, by: author.who.slice(0, 200) };
  await patch(site, raw, handingOver(over, raw.metadata.resourceVersion));
}

/** Each, whatever becomes of the others. Returns what to tell. */
async function takeBack(
  { site }: Pick<Switching, 'site'>,
  address: string,
  objects: readonly CisOwned[],
): Promise<string> {
  if (objects.length === 0) return 'Nothing was changed';
  const kept: string[] = [];
  for (const { object, raw, label } of objects)
    if (label !== undefined)
      await patch(site, raw, givingBack({ label })).catch((error: unknown) =>
        kept.push(`${object} (${errorMessage(error)})`),
      );
  return kept.length === 0
    ? 'The objects were given back to F5 CIS'
    : `Not given back to F5 CIS: ${kept.join(', ')}; run "sluice migrate cis undo ${address}"`;
}

/** Merges into an object of the cluster. */
export async function patch(
  { client }: Pick<MigrationSite, 'client'>,
  raw: RawObject,
  change: object,
): Promise<void> {
  const { name, namespace } = raw.metadata;
  await client.merge(
    resourceOfObject(raw),
    { name, ...(namespace !== undefined && { namespace }) },
    change,
  );
}
