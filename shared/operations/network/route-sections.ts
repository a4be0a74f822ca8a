/** What routes to nodes need once. */
import { networkWithRouteDomain } from '../../domain/net/cluster-networks.ts';
import { cniObjectsOf } from '../../domain/paths/network-config.ts';
import { CNI_KINDS } from '../../kubernetes/cni-kinds.ts';
import type { SetupSection, SetupValues } from './setup-values.ts';

/** The partition for what Sluice keeps; it belongs to no declaration. */
export function partitionLine({ device }: SetupValues): string {
  return `create auth partition ${device.networks.partition}`;
}

/** A Declarative Onboarding declaration with these objects in Common. */
export function onboarding(objects: Readonly<Record<string, object>>): SetupSection {
  const declaration = {
    schemaVersion: '1.0.0',
    class: 'Device',
    async: true,
    Common: { class: 'Tenant', ...objects },
  };
  return {
    title: 'The same with Declarative Onboarding (add the objects to your declaration)',
    format: 'declarative-onboarding',
    text: JSON.stringify(declaration, null, 2),
  };
}

/** The right to read what the CNI says about networks, if the configuration asks for it. */
export function rightSections({ cluster }: SetupValues): readonly SetupSection[] {
  const source = cniObjectsOf(cluster.network);
  if (source === undefined) return [];
  const { plural, group } = CNI_KINDS[source];
  return [
    {
      title: `In the overlay of ${cluster.id}: the right to read ${plural}.${group}`,
      format: 'kubernetes',
      text: `components:\n  - ../../components/network-${source}`,
    },
  ];
}

/** A self IP among the nodes, the partition for the routes, and what the watcher must read. */
export function routeSections(values: SetupValues): readonly SetupSection[] {
  const { cluster, localNetwork, vlan } = values;
  const address = networkWithRouteDomain(localNetwork, cluster.routeDomain);
  const name = `${cluster.id}_nodes`;
  return [
    {
      title: `On this unit: a self IP among the nodes of ${cluster.id}, and the partition for its routes`,
      format: 'tmsh',
      text: [
        `create net self /Common/${name} address ${address} vlan ${vlan} allow-service ` +
          'none traffic-group traffic-group-local-only',
        partitionLine(values),
        'save sys config',
      ].join('\n'),
    },
    onboarding({
      [name]: {
        class: 'SelfIp',
        address,
        vlan: vlan.split('/').at(-1) ?? vlan,
        allowService: 'none',
        trafficGroup: 'traffic-group-local-only',
      },
    }),
    ...rightSections(values),
  ];
}
