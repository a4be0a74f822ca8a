/** The partitions as declares and audits last saw them, for readers without credentials. */
import type { ViewStore } from '../../failures/views.ts';
import type { DeviceConfig } from '../../config/schema.ts';
import type { ReadPartitions } from '../context.ts';
import type { DeviceView } from './device-view.ts';
import type { DeclaredPartitionView } from './partition-view.ts';

/** Asks no device. A partition that was never seen counts as one that does not answer. */
export function partitionsFromViews(views: ViewStore): ReadPartitions {
  return async (devices) => {
    const partitions = devices.flatMap(({ name, partitions: all }) =>
      all.map((partition) => ({ device: name, partition })),
    );
    return Promise.all(partitions.map((one) => seenPartition(views, one)));
  };
}

/** Of a partition that nobody has looked at. */
export const NOT_SEEN_YET = 'it was not seen yet; the next declare or audit shows it';

/** The partition as last seen, or the reason why its state is unknown. */
async function seenPartition(
  views: ViewStore,
  { device, partition }: { readonly device: string; readonly partition: string },
): Promise<DeclaredPartitionView> {
  const [view, audit] = await Promise.all([views.of(device, partition), views.audit(device)]);
  if (view === undefined)
    return {
      device,
      partition,
      code: audit?.problem?.code ?? 'BIP501',
      problem: audit?.problem?.reason ?? NOT_SEEN_YET,
    };
  const { at, seen } = view;
  if (!('owners' in seen)) return { device, partition, code: seen.code, problem: seen.reason };
  const { hostname, software } = audit ?? {};
  const facts = software === undefined ? {} : { facts: { hostname, software, ahead: undefined } };
  return { device, partition, state: seen, at, ...facts };
}

/** The same as one state for each device. Foreign holders of addresses are not known from views. */
export function deviceFromViews(views: ViewStore): (device: DeviceConfig) => Promise<DeviceView> {
  const read = partitionsFromViews(views);
  return async (device) => {
    const seen = await read([device]);
    const away = seen.find((one) => 'problem' in one);
    if (away !== undefined && 'problem' in away) throw new Error(`${away.code}: ${away.problem}`);
    const states = seen.flatMap((one) =>
      'state' in one ? [[one.partition, one.state] as const] : [],
    );
    return { states: new Map(states), holders: [] };
  };
}
