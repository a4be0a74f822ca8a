import type { CodeTable } from './entry.ts';

/** Of events that do not come from the cluster that they name: nobody's owner, revision or word can be taken from them. */
export const ORIGIN_CODES: ReadonlySet<string> = new Set([
  'OWN320',
  'OWN321',
  'OWN322',
  'OWN323',
  'OWN324',
]);

/** OWN3xx: who owns what. */
export const OWNERSHIP_CODES = {
  OWN301: {
    title: 'Address and port belong to another ingress',
    cause:
      'Two ingresses whose clusters are not in one fleet, or two of one cluster, want the same virtual address and port. The present owner keeps it, then the oldest gateway, then the name. When a fleet comes apart, the oldest keeps what was shared.',
    fix: 'Choose another port or virtual address, or put the clusters in one fleet. The claim is remembered and takes over when the owner gives it up.',
    retryable: false,
  },
  OWN302: {
    title: 'Another cluster uses this cluster id',
    cause:
      'The kube-system UID of the cluster differs from the one that owns the declared exposures.',
    fix: 'Give the cluster its own id in sluice.yaml. If it replaces the old one, run "sluice cluster adopt" with the id: it then owns what the old one had.',
    retryable: false,
  },
  OWN303: {
    title: 'The partition is not ours',
    cause:
      'The partition holds an AS3 declaration that Sluice did not write, or exists on the device without one.',
    fix: 'Name a partition of its own in devices[].partitions; for an empty partition that was made by hand set devices[].adoptPartitions: true.',
    retryable: false,
  },
  OWN304: {
    title: 'The declaration has a newer format',
    cause: 'A newer Sluice wrote the partition.',
    fix: 'Upgrade this Sluice to at least the version that wrote it.',
    retryable: false,
  },
  OWN305: {
    title: 'A declared object was changed by somebody else',
    cause: 'Somebody posted a declaration that changes what Sluice declared in its partition.',
    fix: 'Undo the change, or empty the partition in AS3 so that the next resync builds it again. Make changes through annotations or sluice.yaml.',
    retryable: false,
  },
  OWN320: {
    title: 'The sender may not speak for this cluster',
    cause:
      'The queue says that somebody sent the event who is not in clusters[].senders of the cluster it claims to come from.',
    fix: 'If the sender is the watcher of that cluster, add its role id to clusters[].senders; if not, find out who sends.',
    retryable: false,
  },
  OWN321: {
    title: 'The event is not signed',
    cause:
      'clusters[].verifyKeys of the cluster lets signed events through only, and this one carries no signature.',
    fix: 'Give the watcher of that cluster its key (clusters[].signKey in its own configuration) and restart it; if it has one, find out who sends.',
    retryable: false,
  },
  OWN322: {
    title: 'The signature does not fit',
    cause:
      'The event names a key of the cluster, but its bytes are not what that key signed: id, cluster, type, subject, time or content were changed, or somebody without the key made it up.',
    fix: 'Find out who sends. What the watcher itself says comes with its next snapshot and is not affected.',
    retryable: false,
  },
  OWN323: {
    title: "Signed by a key that is not the cluster's",
    cause:
      'None of clusters[].verifyKeys of the cluster has the key id that the event names: the watcher got a new key first, or another cluster (or somebody else) speaks for this one.',
    fix: 'If the key is new, add its public half to clusters[].verifyKeys, then replay the event; keep the old one until the last event signed with it is through. If not, find out who sends.',
    retryable: false,
  },
  OWN324: {
    title: 'The event contradicts itself',
    cause:
      'Its source, its subject and its data speak of different clusters or ingresses. Who may speak is checked for the source, so nothing else may stand inside.',
    fix: 'No watcher makes such an event. Find out who sends.',
    retryable: false,
  },
  OWN325: {
    title: "The address is not the cluster's",
    cause:
      'A pod or node has an address outside clusters[].podNetworks and nodeNetworks of its cluster. It is left out of the pool, because a cluster must not be able to point BIG-IP at the hosts of another; an exposure of which nobody is left is refused.',
    fix: "If the network is the cluster's own, add it to podNetworks, or to nodeNetworks for nodes and for pods on the host network. If not, find out what gave the pod that address.",
    retryable: false,
  },
  OWN340: {
    title: 'A setting of a shared virtual server is decided by another',
    cause:
      'Clusters of a fleet share the virtual server and wish different settings for it. What the fleet says in sluice.yaml decides, else the oldest gateway, then the name. The wish is remembered.',
    fix: 'Nothing has to be done: it takes over when the deciding one changes or leaves. To decide for all, set fleets[].settings in sluice.yaml, or make the wishes of the clusters the same.',
    retryable: false,
  },
  OWN341: {
    title: 'The ratio counts for each member',
    cause:
      'The fleet has mode ratio, and the device has several partitions. They share their nodes in /Common, where Sluice writes nothing, so the ratio stands at each member and a cluster with more pods gets more.',
    fix: 'Give the fleet a device of one partition, or choose the ratio with the number of pods in mind.',
    retryable: false,
  },
  OWN342: {
    title: 'Another ingress waits for this address and port',
    cause:
      'An ingress that may not share the virtual server wants the same address and port, perhaps because the fleets changed. It takes over when the owner gives it up.',
    fix: 'If both are to be served, put the clusters in one fleet, or choose another port or address for one of them.',
    retryable: false,
  },
  OWN310: {
    title: 'Removal held',
    cause:
      'More exposures would go at once than max(3, 20 %) of the owner, and their deletion was not seen. A failing read must never empty a BIG-IP.',
    fix: 'Check that the gateways are really gone. If they are, run "sluice approve" with the owner and the exposures that the message names; they go at once. Seeing the deletion proves it too: of a gateway, or of the ingress Service.',
    retryable: false,
  },
  OWN311: {
    title: 'Nothing to approve',
    cause:
      'An approval names an owner or exposures of which the device holds no removal: it came too late, the owner spoke after it was given, or it has a slip of the pen.',
    fix: 'Take owner (cluster/namespace/service) and exposure (address:port/protocol) from the message that says what is held, and approve again.',
    retryable: false,
  },
  OWN330: {
    title: 'The ingress is gone',
    cause:
      'The complete list that the watcher sends misses an ingress that is declared: its Service was deleted while nobody looked. Up to three exposures go at once, more are held (OWN310).',
    fix: 'Nothing, if the Service was meant to go; approve what is held. If it was not, create the Service again: its snapshot brings everything back.',
    retryable: false,
  },
  OWN331: {
    title: 'The cluster is silent',
    cause:
      'No newer word of the cluster came for longer than clusters[].silentAfter. Its watcher is down, cannot reach its queue, or its events are not worked on. What it offers stays as it was last said.',
    fix: 'Look at the watcher, its queue and the dead letters. If the cluster is down, run "sluice cluster drain", or set clusters[].whenSilent: drain; if it is gone for good, "sluice cluster forget".',
    retryable: true,
  },
  OWN350: {
    title: 'No address is free in the pool',
    cause:
      'An exposure asks for an automatic address, and every address of the pool is reserved, given to another ingress, or in use elsewhere on the device: by a virtual server or virtual address that Sluice did not make, or in another partition.',
    fix: 'Widen `addressPools[].ranges`, free an address, or ask for another pool (`auto:<pool>`). `sluice addresses` shows who has which. It is tried again with every snapshot, five minutes at most.',
    retryable: true,
  },
  OWN351: {
    title: 'The address stays although it is outside the pool',
    cause:
      'The ranges of the pool no longer hold the address that the ingress has, and no other can be given to it now. What runs goes on where it is.',
    fix: 'Widen the pool, or free an address in it; then the ingress moves there.',
    retryable: true,
  },
  OWN352: {
    title: 'The address moves',
    cause:
      'The address that the ingress had is outside the pool it asks for (the ranges of the pool were changed, or a literal address was replaced by `auto`), or another Gateway of the ingress names it with the same port. Connections to the old address are cut.',
    fix: 'Nothing, if that is meant; else take the old address into the ranges again before the move, and point names and firewalls at the new one.',
    retryable: false,
  },
  OWN353: {
    title: 'No address is given out for now',
    cause:
      'A partition of the device cannot be read (another tool wrote it, or a newer Sluice), so that it is not known which addresses are taken there. Who has an address keeps it.',
    fix: 'Mend the partition as its own message says.',
    retryable: true,
  },
  OWN354: {
    title: 'Address and port twice in one ingress',
    cause:
      'The automatic address of the ingress is one that another of its Gateways names itself, with the same port but other settings or members. Who names it goes first.',
    fix: 'Use another port or address in one of the two.',
    retryable: false,
  },
} as const satisfies CodeTable;
