/** Codes about what BIG-IP and a cluster need once before pods are reached (`sluice doctor`). */
import type { CodeTable } from './entry.ts';

const SETUP = '`sluice network setup` prints the commands.';

/** BIP48x: parts that are missing or do not suit. */
export const NETWORK_CODES = {
  BIP480: {
    title: 'No floating self IP for SNAT automap',
    cause:
      'SNAT automap prefers floating self IPs. If there is none on the VLAN or tunnel to the ' +
      'pods, it takes one from elsewhere, to which pods do not answer, although monitors are green.',
    fix: 'Create a self IP with a floating traffic group on that VLAN or tunnel, or use a SNAT pool.',
    retryable: false,
  },
  BIP481: {
    title: 'A tunnel does not suit the nodes',
    cause:
      'VNI, port, flooding type, local address or MTU of the tunnel differ from what the nodes ' +
      'of the cluster use.',
    fix: `Correct the property that the message names; ${SETUP}`,
    retryable: false,
  },
  BIP482: {
    title: 'A self IP on a tunnel does not reach the pods',
    cause:
      'With flannel, a self IP of the unit on the tunnel must have the length of the whole pod ' +
      'network. With Cilium, it is outside of the pod networks, which need a route through the ' +
      'tunnel.',
    fix: `Correct the self IP or the route that the message names; ${SETUP}`,
    retryable: false,
  },
  BIP483: {
    title: 'The partition for paths cannot be used',
    cause:
      'The partition in `devices[].networks.partition` does not exist, has ' +
      'another default route domain than 0, or is not synced to the other unit.',
    fix:
      'Correct the name in `devices[].networks.partition`, set the default route domain of the ' +
      'partition to 0, or add it to the device group, whichever the message names. ' +
      '`sluice network setup` prints the commands.',
    retryable: false,
  },
  BIP484: {
    title: 'The nodes do not know BIG-IP',
    cause:
      "Flannel's nodes know a unit by a Node object with the address and MAC of its tunnel, " +
      "Cilium's by the `vtep-*` values of `cilium-config`. They are missing, or of another unit.",
    fix: 'Apply what `sluice doctor` or `sluice network setup` prints. Cloud controllers and Rancher may delete such a Node.',
    retryable: false,
  },
  BIP485: {
    title: 'F5 CIS maintains the same networks',
    cause:
      'Routes or ARP entries of F5 CIS (`k8s-…`) are on the device. While CIS runs, it removes ' +
      'records of its tunnel that it does not know.',
    fix:
      'Stop CIS, or remove its options for tunnels and static routes. Then run ' +
      '`sluice network adopt`, which takes over what members need, and delete the rest.',
    retryable: false,
  },
  BIP486: {
    title: 'All pods behind a virtual server are down',
    cause:
      'With `network.mode: none`, Sluice does nothing about the path to pods. If monitors reach ' +
      'none of them, BIG-IP may have no path; or the pods do not answer. With `routes` or ' +
      '`vxlan`, no pod of the cluster is reached: paths are missing or lead elsewhere, the nodes ' +
      'do not know the way back, or the pods do not answer.',
    fix:
      'Check one pod from BIG-IP. With `routes` or `vxlan`, `sluice drift` compares the paths, and ' +
      '`sluice doctor -k` checks the rest. With `none`, if nothing else routes pod addresses (BGP, a cloud network, a ' +
      'default route), use `clusters[].network.mode: routes` or `vxlan`, or `members: nodes`.',
    retryable: false,
  },
  BIP487: {
    title: 'All members behind a node are down',
    cause:
      'Monitors reach no pod on the node, and reach pods on other nodes. The node may be away, or ' +
      "BIG-IP's path to it is missing or leads elsewhere.",
    fix: 'Check the node, then `sluice doctor -k` for the path.',
    retryable: false,
  },
} as const satisfies CodeTable;
