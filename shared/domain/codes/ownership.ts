import type { CodeTable } from './entry.ts';

/** OWN3xx: who owns what. */
export const OWNERSHIP_CODES = {
  OWN301: {
    title: 'Address and port belong to another ingress',
    cause: 'Two ingresses whose clusters are not in one fleet, or two of one cluster, want the same virtual address and port. The present owner keeps it, then the oldest gateway, then the name. When a fleet comes apart, the oldest keeps what was shared.',
    fix: 'Choose another port or virtual address, or put the clusters in one fleet. The claim is remembered and takes over when the owner gives it up.',
    retryable: false,
  },
  OWN302: {
    title: 'Another cluster uses this cluster id',
    cause: 'The kube-system UID of the cluster differs from the one that owns the declared exposures.',
    fix: 'Give the cluster its own id in sluice.yaml. If it replaces the old one, remove the old exposures first.',
    retryable: false,
  },
  OWN303: {
    title: 'The partition is not ours',
    cause: 'The partition holds an AS3 declaration that Sluice did not write, or exists on the device without one.',
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
    cause: 'The queue says that somebody sent the event who is not in clusters[].senders of the cluster it claims to come from.',
    fix: 'If the sender is the watcher of that cluster, add its role id to clusters[].senders; if not, find out who sends.',
    retryable: false,
  },
  OWN340: {
    title: 'A setting of a shared virtual server is decided by another',
    cause: 'Clusters of a fleet share the virtual server and wish different settings for it. What the fleet says in sluice.yaml decides, else the oldest gateway, then the name. The wish is remembered.',
    fix: 'Nothing has to be done: it takes over when the deciding one changes or leaves. To decide for all, set fleets[].settings in sluice.yaml, or make the wishes of the clusters the same.',
    retryable: false,
  },
  OWN341: {
    title: 'The ratio counts for each member',
    cause: 'The fleet has mode ratio, and the device has several partitions. They share their nodes in /Common, where Sluice writes nothing, so the ratio stands at each member and a cluster with more pods gets more.',
    fix: 'Give the fleet a device of one partition, or choose the ratio with the number of pods in mind.',
    retryable: false,
  },
  OWN342: {
    title: 'Another ingress waits for this address and port',
    cause: 'An ingress that may not share the virtual server wants the same address and port, perhaps because the fleets changed. It takes over when the owner gives it up.',
    fix: 'If both are to be served, put the clusters in one fleet, or choose another port or address for one of them.',
    retryable: false,
  },
  OWN310: {
    title: 'Removal held',
    cause: 'More exposures would go at once than max(3, 20 %) of the owner, and their deletion was not seen. A failing read must never empty a BIG-IP.',
    fix: 'Check that the gateways are really gone. If they are, run "sluice approve" with the owner and the exposures that the message names; they go at once. Seeing the deletion proves it too: of a gateway, or of the ingress Service.',
    retryable: false,
  },
  OWN311: {
    title: 'Nothing to approve',
    cause: 'An approval names an owner or exposures of which the device holds no removal: it came too late, or has a slip of the pen.',
    fix: 'Take owner (cluster/namespace/service) and exposure (address:port/protocol) from the message that says what is held, and approve again.',
    retryable: false,
  },
} as const satisfies CodeTable;
