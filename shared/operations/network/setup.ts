/**
 * What a device and a cluster need once before BIG-IP can reach pods, as text for people to check
 * and run. Pure: nothing is read and nothing is created.
 */
import type { ClusterConfig, DeviceConfig, SluiceConfig } from '../../config/schema.ts';
import { isReachedOn } from '../../config/path-checks.ts';
import { routeSections } from './route-sections.ts';
import { checkedValues, PLACEHOLDERS, type SetupSection, type UnitValues } from './setup-values.ts';
import { tunnelSections } from './tunnel-sections.ts';

/** The data of `sluice network setup`. */
export interface NetworkSetup {
  readonly device: string;
  readonly cluster: string;
  readonly sections: readonly SetupSection[];
  /** Options that would replace the placeholders in the text. */
  readonly missing: readonly string[];
}

/** Throws for an unknown name or a value that cannot be right, with the remedy. */
export function networkSetup(
  config: SluiceConfig,
  wanted: { readonly device: string; readonly cluster?: string | undefined },
  given: Omit<UnitValues, 'unit'> & { readonly unit?: string | undefined },
): NetworkSetup {
  const device = config.devices.find(({ name }) => name === wanted.device);
  if (device === undefined)
    throw new Error(
      `--device ${wanted.device}: use one of devices[].name: ` +
        config.devices.map(({ name }) => name).join(', '),
    );
  const cluster = clusterOn(config, device, wanted.cluster);
  const values = checkedValues(device, cluster, { ...given, unit: given.unit ?? device.name });
  const sections =
    cluster.network.mode === 'vxlan' ? tunnelSections(values) : routeSections(values);
  const text = sections.map((section) => section.text).join('\n');
  return {
    device: device.name,
    cluster: cluster.id,
    sections,
    missing: Object.values(PLACEHOLDERS).flatMap(([word, option]) =>
      new RegExp(`\\b${word}\\b`).test(text) ? [`${word}: ${option}`] : [],
    ),
  };
}

/** The cluster with paths on the device. */
function clusterOn(
  { clusters, ingresses }: SluiceConfig,
  device: DeviceConfig,
  wanted: string | undefined,
): ClusterConfig {
  const { name } = device;
  const able = clusters.filter((one) =>
    isReachedOn({ ingresses }, device, one, ['routes', 'vxlan']),
  );
  if (able.length === 0)
    throw new Error(
      `clusters[].network: no cluster on device ${name} has mode: routes or mode: vxlan and ` +
        'ingresses with members: pods, so BIG-IP needs nothing from here; set the mode first',
    );
  const [only, ...others] = wanted === undefined ? able : able.filter(({ id }) => id === wanted);
  if (only !== undefined && others.length === 0) return only;
  throw new Error(
    `--cluster ${wanted ?? 'is missing'}: use one of the clusters with network.mode routes or ` +
      `vxlan on device ${name}: ${able.map(({ id }) => id).join(', ')}`,
  );
}
