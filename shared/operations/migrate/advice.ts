/** What to configure before Sluice takes over: the import, for a partition of Sluice. */
import { type CisImport, importCis } from '../../domain/exposure/sources/cis/import-cis.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import type { RawObject } from '../../kubernetes/index.ts';
import { asCisKnewIt } from './handed-over.ts';
import type { CisOwned } from './owned.ts';

/** Where the exposures go. */
export interface AdvicePlace {
  readonly cluster: string;
  readonly device: string;
  /** The first one of Sluice on the device. */
  readonly partition: string;
  readonly members: 'pods' | 'nodes';
  /** Other addresses of Sluice, by those of F5 CIS. */
  readonly addresses: ReadonlyMap<string, string>;
  /** `virtualAddress` of the entries in sluice.yaml, by Service. */
  readonly entries: ReadonlyMap<string, string>;
}

/** `raw` as the cluster has it; objects that are handed over count as before. */
export function migrationAdvice(
  raw: readonly RawObject[],
  objects: KubernetesObjects,
  owned: readonly CisOwned[],
  { cluster, device, partition, members, addresses, entries }: AdvicePlace,
): CisImport {
  const known = raw.map(asCisKnewIt);
  const found = importCis(
    known,
    { cluster, devices: [device], members, beside: { addresses }, entries },
    objects,
  );
  return {
    ...found,
    staying: [],
    gateways: found.gateways.map((one) => ({
      ...one,
      annotations: { ...one.annotations, ...overConfigMaps(one.objects) },
    })),
  };

  /**
   * An F5 ConfigMap says more than sluice.yaml as long as it is there, and names the partition of
   * F5 CIS.
   */
  function overConfigMaps(names: readonly string[]): Readonly<Record<string, string>> {
    const address = owned
      .filter(({ object }) => object.startsWith('ConfigMap ') && names.includes(object))
      .flatMap(({ servers }) => servers)
      .find((one) => one.address !== undefined)?.address;
    if (address === undefined) return {};
    return {
      'sluice.io/virtual-address': addresses.get(address) ?? address,
      'sluice.io/partition': partition,
    };
  }
}
