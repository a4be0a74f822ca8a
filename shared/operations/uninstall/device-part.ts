/** What Sluice declared and wrote on a device. */
import type { DeviceConfig } from '../../config/schema.ts';
import type { Device } from '../../device/device.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { formatCount } from '../../domain/text/counts.ts';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import { uninstallItems, NOTHING, joinParts } from './part.ts';
import type { UninstallPart } from './part.ts';
import { pathPart } from './path-part.ts';

/**
 * Reads only. A device that does not answer keeps everything. `open` rejects if its secrets cannot
 * be read.
 */
export async function devicePart(
  open: () => Promise<Device>,
  config: DeviceConfig,
  clusters: ReadonlySet<string>,
): Promise<UninstallPart> {
  try {
    const device = await open();
    const partitions: UninstallPart[] = [];
    for (const partition of config.partitions)
      partitions.push(await partitionPart(device, partition));
    const kept = partitions.flatMap(({ items }) => items).find(({ action }) => action !== 'remove');
    const held = kept && `members in ${kept.object}, which stays, need it`;
    const paths = await pathPart({ device, config, clusters, held });
    return joinParts([...partitions, paths, await abandonedPart(device)]);
  } catch (error) {
    const why = [errorCode(error), errorMessage(error)].filter((one) => one !== undefined);
    return {
      ...NOTHING,
      items: [uninstallItems(config.name).unknown('all of the device', why.join(': '))],
    };
  }
}

/** A partition with objects of others stays as it is, because AS3 would remove them with it. */
async function partitionPart(device: Device, partition: string): Promise<UninstallPart> {
  const { keep, remove } = uninstallItems(device.name);
  const object = `partition ${partition}`;
  const reading = await device.read(partition);
  if (reading.kind === 'refused')
    return { ...NOTHING, items: [keep(object, `${reading.code}: ${reading.reason}`)] };
  const { state, lockKey } = reading.declared;
  if (lockKey === undefined) return NOTHING;
  const others = (await device.drift(partition, state)).filter(({ kind }) => kind === 'orphan');
  if (others.length > 0) {
    const named = others
      .slice(0, 3)
      .map(({ path }) => path)
      .join(', ');
    const why = `it has ${formatCount(others.length, 'object')} of others (${named}); move or delete them, then repeat`;
    return { ...NOTHING, items: [{ ...keep(object, why), inUse: true }] };
  }
  return {
    items: [
      ...exposuresIn(state).map(([server, owners]) =>
        remove(`${server} in ${partition}`, `traffic to ${owners} ends`),
      ),
      remove(
        object,
        `its declaration, with the versions of ${formatCount(Object.keys(state.owners).length, 'ingress', 'ingresses')}`,
      ),
    ],
    steps: [{ what: `${object} on ${device.name}`, run: () => device.remove(partition, lockKey) }],
    running: [],
  };
}

/** Each virtual server with the ingresses behind it. */
function exposuresIn({ exposures }: DeclaredState): readonly (readonly [string, string])[] {
  return Object.entries(exposures).map(([key, { contributions }]) => [
    `virtual server ${key}`,
    contributions.map(({ owner }) => owner).join(', '),
  ]);
}

async function abandonedPart(device: Device): Promise<UninstallPart> {
  const why =
    'Sluice declared it, but devices[].partitions does not name it; name it there if it is to go';
  const found = await device.abandoned();
  return {
    ...NOTHING,
    items: found.map(({ partition }) =>
      uninstallItems(device.name).keep(`partition ${partition}`, why),
    ),
  };
}
