/** Codes about the paths from BIG-IP to pods (`clusters[].network`). */
import type { CodeTable } from './entry.ts';

/** GW18x: nodes and members without a path, and paths that were chosen for a reason. */
export const PATH_CODES = {
  GW180: {
    title: 'A node does not say how its pods are reached',
    cause:
      'The Node lacks the field or annotation that the source in `clusters[].network.from` reads, or the Node is unknown. ' +
      'There is no path to its members; other nodes are not affected.',
    fix:
      'Correct what the message names. With `network.from: auto` or `host`, nothing but the ' +
      'address of the node is needed.',
    retryable: false,
  },
  GW181: {
    title: 'What a node says about its pods cannot be read',
    cause:
      'An annotation is not JSON, or a network, address or MAC in it is invalid. This source has no ' +
      'path to members on the node; other nodes are not affected.',
    fix: 'Correct the annotation that the message names, or the program that writes it.',
    retryable: false,
  },
  GW182: {
    title: 'Nodes have the same pod network or MAC',
    cause:
      'Only one node can own a network or MAC, and which one is unknown: a node was replaced, or ' +
      'nodes were cloned. With routes and `network.from` auto, calico or cilium, each of their ' +
      'pods gets a route of its own; otherwise there is no path to members on these nodes.',
    fix:
      'Delete the Node that no longer exists, or give each node its own network or MAC. ' +
      'With Calico, `calicoctl ipam check` shows which BlockAffinity is wrong.',
    retryable: false,
  },
  GW183: {
    title: "A pod has an address outside its node's networks",
    cause:
      'Calico lends addresses of other nodes, and Cilium may have several pools: such a pod gets a ' +
      'route of its own. With any other source there is no path to the ' +
      'member, because the source in `network.from` does not assign its address.',
    fix:
      'Nothing to do if a few pods got their own route. If all pods did, check that there are ' +
      'BlockAffinities or CiliumNodes for their nodes. Otherwise, name the source that assigns ' +
      'pod addresses in `clusters[].network.from`, or use `auto`.',
    retryable: false,
  },
  GW184: {
    title: 'A node has no address that BIG-IP may use',
    cause:
      'The node has no address in the family of the member, or none in ' +
      '`clusters[].nodeNetworks`.',
    fix: 'Add the network of the nodes to `clusters[].nodeNetworks`, or give the node an address of that family.',
    retryable: false,
  },
  GW185: {
    title: 'Pods get a route of their own',
    cause:
      'No network that the node names contains the pod, so the route is for the pod alone, ' +
      'through its node. That is exact, and costs a route for each gateway pod.',
    fix:
      'Nothing to do if the nodes accept packets for pod addresses. For one route for each network of ' +
      'a node, use `network.from: calico` or `cilium` with these CNIs, or name the networks in the ' +
      'annotation `sluice.io/pod-networks` of the nodes.',
    retryable: false,
  },
  GW186: {
    title: 'A node names a network that is not one of its pods',
    cause:
      'The network is not inside `clusters[].podNetworks`, or contains the node itself, so a ' +
      'route to it would draw other traffic to the node. There is no route from this source; ' +
      'with `network.from: auto`, another one serves, or the pod gets a route of its own.',
    fix:
      'Correct what names the network. If the network has the pods of the cluster, add it to ' +
      '`clusters[].podNetworks`.',
    retryable: false,
  },
  GW187: {
    title: 'Objects that name the networks of pods cannot be read',
    cause:
      'With `network.from: calico` or `cilium`, Sluice reads BlockAffinities or CiliumNodes. The ' +
      'Kubernetes API does not let it, or does not serve the kind, or the files have none of them. ' +
      'Each pod that no annotation of its node covers gets a route of its own, which is exact, ' +
      'and costs a route for each gateway pod. With mode vxlan, records lead to the InternalIP of the ' +
      'Node. No path is removed.',
    fix:
      'Add the component `network-calico` or `network-cilium` to the overlay in infra/kubernetes; ' +
      'the right takes effect without a restart. Or use `network.from: host`, which needs no right.',
    retryable: false,
  },
  GW188: {
    title: 'Answers to clients must come back through BIG-IP',
    cause:
      'BIG-IP keeps the addresses of clients (`snat: none`) and reaches pods through their nodes. ' +
      'A node sends the answer by its own routes. If these do not lead through BIG-IP, no ' +
      'connection is established, although monitors are green.',
    fix:
      'Nothing to do if BIG-IP is the gateway of the nodes for clients (with OVN-Kubernetes: ' +
      'AdminPolicyBasedExternalRoute). Otherwise make it that, or use `snat: auto`.',
    retryable: false,
  },
} as const satisfies CodeTable;
