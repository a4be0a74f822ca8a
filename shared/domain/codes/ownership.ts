/**
 * Codes about who may have what: addresses and ports, partitions, the identity of clusters and
 * senders, removals.
 */
import type { CodeTable } from './entry.ts';

/**
 * The event does not provably come from the cluster that it names, so its owner and revision
 * must not be used.
 */
export const ORIGIN_CODES: ReadonlySet<string> = new Set([
  'OWN320',
  'OWN321',
  'OWN322',
  'OWN323',
  'OWN324',
]);

/** OWN3xx: ownership of exposures, origin of events, held removals, address pools. */
export const OWNERSHIP_CODES = {
  // Who owns an exposure, a partition or an id.
  OWN301: {
    title: 'Address and port belong to another ingress',
    cause:
      'Two ingresses request the same virtual address and port, and they may not share it: ' +
      'their clusters are not in one fleet, or both are in one cluster. The current owner keeps ' +
      'it, then the oldest gateway, then the first by name. When a fleet is split, the oldest ' +
      'keeps what was shared.',
    fix:
      'Choose another port or virtual address, or put the clusters in one fleet. Sluice ' +
      'remembers the request and grants it when the owner releases the address and port.',
    retryable: false,
  },
  OWN302: {
    title: 'Another cluster uses this cluster id',
    cause:
      'The UID of the kube-system namespace differs from the UID of the cluster that owns the ' +
      'declared exposures.',
    fix:
      'Give the cluster its own id in sluice.yaml. If it replaces the old cluster, run "sluice ' +
      'cluster adopt" with the id; it then owns the exposures of the old cluster.',
    retryable: false,
  },
  OWN303: {
    title: 'The partition is not managed by Sluice',
    cause:
      'The partition holds an AS3 declaration that Sluice did not write, or exists on the ' +
      'device without a declaration.',
    fix:
      'Name a partition used only by Sluice in devices[].partitions. For an empty partition ' +
      'that was created by hand, set devices[].adoptPartitions: true.',
    retryable: false,
  },
  OWN304: {
    title: 'The declaration has a newer format',
    cause: 'A newer version of Sluice wrote the partition.',
    fix: 'Upgrade this Sluice to at least the version that wrote the partition.',
    retryable: false,
  },
  OWN305: {
    title: 'A declared object was changed outside Sluice',
    cause:
      'A declaration posted by something other than Sluice changed objects that Sluice had ' +
      'declared in its partition.',
    fix:
      'Undo the change, or empty the partition in AS3; the next resync then rebuilds it. Make ' +
      'changes through annotations or sluice.yaml.',
    retryable: false,
  },
  OWN306: {
    title: 'Another process leads for this cluster, with another Lease',
    cause:
      'Two processes for one cluster use different Leases, for instance in two namespaces, so ' +
      'the Lease does not keep them apart. The leader is noted on the ingress Service ' +
      '(annotation leader.sluice.io/<cluster>). The later process does not lead.',
    fix:
      'Stop the process that is not wanted, or give both the same Lease (--lease-namespace). ' +
      'The note ends when its process stops, or when it was not renewed for two hours. If the ' +
      'process does not run any more, start the other one with --take-over.',
    retryable: true,
  },
  // Whether an event comes from the cluster that it names. See `ORIGIN_CODES`.
  OWN320: {
    title: 'The sender may not speak for this cluster',
    cause:
      'The queue reports a sender that is not in clusters[].senders of the cluster that the ' +
      'event names.',
    fix:
      'If the sender is the watcher of that cluster, add its role id to clusters[].senders. ' +
      'Otherwise, find out who sent the event.',
    retryable: false,
  },
  OWN321: {
    title: 'The event is not signed',
    cause:
      'clusters[].verifyKeys is set for the cluster, so its events must be signed. This event ' +
      'has no signature.',
    fix:
      "Set clusters[].signKey in the configuration of that cluster's watcher, and restart the " +
      'watcher. If it is set already, find out who sent the event.',
    retryable: false,
  },
  OWN322: {
    title: 'The signature is not valid',
    cause:
      'The event names a key of the cluster, but the signature does not match its bytes: id, ' +
      'cluster, type, subject, time or content were changed after signing, or the sender does ' +
      'not have the key.',
    fix:
      "Find out who sent the event. The watcher's own events are not affected; its next " +
      'snapshot carries the current state.',
    retryable: false,
  },
  OWN323: {
    title: 'Signed with an unknown key',
    cause:
      'No key in clusters[].verifyKeys of the cluster has the key id that the event names. ' +
      'Either the watcher uses a new key that is not configured yet, or another sender claims ' +
      'to be this cluster.',
    fix:
      'If the key is new, add its public half to clusters[].verifyKeys, then replay the event; ' +
      'keep the old key until the last event signed with it has been processed. Otherwise, find ' +
      'out who sent the event.',
    retryable: false,
  },
  OWN324: {
    title: 'The event contradicts itself',
    cause:
      'The source, subject and data of the event name different clusters or ingresses. The ' +
      'permission to send is checked for the source, so the subject and data must match it.',
    fix: 'No watcher sends such an event. Find out who sent it.',
    retryable: false,
  },
  OWN325: {
    title: "The address is not in the cluster's networks",
    cause:
      'A pod or node has an address outside clusters[].podNetworks and nodeNetworks of its ' +
      'cluster. The address is left out of the pool, because a cluster must not be able to ' +
      'point BIG-IP at hosts of another cluster. An exposure without any remaining member is ' +
      'refused.',
    fix:
      'If the network belongs to the cluster, add it to podNetworks, or to nodeNetworks for ' +
      'nodes and for pods on the host network. Otherwise, find out why the pod has that address.',
    retryable: false,
  },
  // Exposures that clusters of a fleet share.
  OWN340: {
    title: 'Another cluster decides a setting of a shared virtual server',
    cause:
      'Clusters of a fleet share the virtual server and request different values for a setting. ' +
      'fleets[].settings in sluice.yaml decides, then the oldest gateway, then the first by ' +
      'name. Sluice remembers the other request.',
    fix:
      'Nothing to do: the other request applies when the deciding cluster changes its value or ' +
      'leaves. To decide for all clusters, set fleets[].settings in sluice.yaml, or request the ' +
      'same value in every cluster.',
    retryable: false,
  },
  OWN341: {
    title: 'The ratio applies to each member',
    cause:
      'The fleet has mode ratio, and the partition shares its nodes with others in /Common, where ' +
      'Sluice writes nothing, so the ratio is set on each member, and a cluster with more pods ' +
      'gets more traffic.',
    fix:
      'Give the fleet a device with one partition, or choose the ratios with the number of pods ' +
      'in mind.',
    retryable: false,
  },
  OWN342: {
    title: 'Another ingress waits for this address and port',
    cause:
      'An ingress that may not share the virtual server requests the same address and port, for ' +
      'instance after a change of fleets. It gets them when the owner releases them.',
    fix:
      'To serve both, put the clusters in one fleet, or choose another port or address for one ' +
      'of them.',
    retryable: false,
  },
  // Removals without an observed deletion, and what became of owners.
  OWN310: {
    title: 'Removal held',
    cause:
      "More exposures would be removed at once than max(3, 20 %) of the owner's, and their " +
      'deletion was not observed. Sluice holds the removal, because a failed read must never ' +
      'empty a BIG-IP.',
    fix:
      'Check that the gateways are really gone. If they are, run "sluice approve" with the ' +
      'owner and the exposures that the message names; Sluice then removes them at once. An ' +
      'observed deletion of a Gateway or of the ingress Service also proves the removal.',
    retryable: false,
  },
  OWN311: {
    title: 'Nothing to approve',
    cause:
      'The approval names an owner or exposures for which the device holds no removal. It came ' +
      'too late, a newer snapshot of the owner arrived after it, or it contains a typing error.',
    fix:
      'Copy owner (cluster/namespace/service) and exposure (address:port/protocol) from the ' +
      'message about the held removal, and approve again.',
    retryable: false,
  },
  OWN312: {
    title: 'Held until nodes may move to /Common',
    cause:
      'The exposure needs a node address that another partition of the device has too. BIG-IP ' +
      'accepts an address in one partition only, unless its node is in /Common. Moving the nodes ' +
      'of a partition there deletes and re-adds all members of its pools, which are empty for a ' +
      'moment. Sluice does not do that unasked: new exposures and new members wait, and all else ' +
      'goes on.',
    fix:
      'Run "sluice approve" with the owner and the exposure that the message names, at a time when ' +
      'the interruption is acceptable. Or use the partition that has the address already: the ' +
      'exposure is then declared without a move.',
    retryable: false,
  },
  OWN330: {
    title: 'The ingress is gone',
    cause:
      "A declared ingress is missing from the watcher's complete list of ingresses: its Service " +
      'was deleted while the watcher was not running. Sluice removes up to three exposures at ' +
      'once and holds more (OWN310).',
    fix:
      'If the Service was deleted on purpose, approve the held removals. Otherwise create the ' +
      'Service again; its snapshot restores everything.',
    retryable: false,
  },
  OWN331: {
    title: 'The cluster is silent',
    cause:
      'No new event of the cluster has arrived for longer than clusters[].silentAfter. Its ' +
      'watcher is down, it cannot reach its queue, or its events are not being processed. The ' +
      'exposures of the cluster stay as last declared.',
    fix:
      'Check the watcher, its queue and the dead letters. If the cluster is down, run "sluice ' +
      'cluster drain", or set clusters[].whenSilent: drain. If it is gone for good, run "sluice ' +
      'cluster forget".',
    retryable: true,
  },
  // Assignment of automatic addresses.
  OWN350: {
    title: 'No free address in the pool',
    cause:
      'An exposure requests an automatic address, and every address of the pool is reserved, ' +
      'assigned to another ingress, or used elsewhere on the device: by a virtual server or ' +
      'virtual address outside Sluice, or in another partition.',
    fix:
      'Widen `addressPools[].ranges`, free an address, or request another pool (`auto:<pool>`). ' +
      '`sluice addresses` lists the assignments. Sluice tries again with every snapshot, within ' +
      'five minutes at most.',
    retryable: true,
  },
  OWN351: {
    title: 'The address is kept although it is outside the pool',
    cause:
      'The ranges of the pool no longer contain the address of the ingress, and no other ' +
      'address can be assigned now. The exposure stays on its address.',
    fix: 'Widen the pool, or free an address in it; the ingress then moves to that address.',
    retryable: true,
  },
  OWN352: {
    title: 'The address moves',
    cause:
      'The address of the ingress is outside the requested pool (the ranges were changed, or a ' +
      'literal address was replaced by `auto`), or another Gateway of the ingress names it with ' +
      'the same port. Connections to the old address are cut.',
    fix:
      'Nothing to do if the move is intended; point DNS names and firewalls to the new address. ' +
      'To prevent it, add the old address to the ranges again before the move.',
    retryable: false,
  },
  OWN353: {
    title: 'No address is assigned for now',
    cause:
      'Sluice cannot read a partition of the device, because another tool or a newer Sluice ' +
      'wrote it. It therefore does not know which addresses are used there. Existing ' +
      'assignments stay.',
    fix: 'Correct the partition as its own message says.',
    retryable: true,
  },
  OWN354: {
    title: 'Address and port used twice in one ingress',
    cause:
      'Another Gateway of the ingress names the automatic address of the ingress itself, with ' +
      'the same port but other settings or members. The Gateway that names the address keeps it.',
    fix: 'Use another port or address in one of the two Gateways.',
    retryable: false,
  },
} as const satisfies CodeTable;
