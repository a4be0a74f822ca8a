import type { CodeTable } from './entry.ts';

/** OWN3xx: who owns what. */
export const OWNERSHIP_CODES = {
  OWN301: {
    title: 'Address and port belong to another ingress',
    cause: 'Two ingresses that are not in one fleet want the same virtual address and port. The present owner keeps it, then the oldest gateway, then the name.',
    fix: 'Choose another port or virtual address, or put the clusters in one fleet. The claim is taken up when the owner gives it up and the ingress is sent again.',
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
  OWN350: {
    title: 'No address is free in the pool',
    cause: 'An exposure asks for an automatic address, and every address of the pool is reserved, given to another ingress, or in use elsewhere on the device: by a virtual server or virtual address that Sluice did not make, or in another partition.',
    fix: 'Widen `addressPools[].ranges`, free an address, or ask for another pool (`auto:<pool>`). `sluice addresses` shows who has which. It is tried again with every snapshot, five minutes at most.',
    retryable: true,
  },
  OWN351: {
    title: 'The address stays although it is outside the pool',
    cause: 'The ranges of the pool no longer hold the address that the ingress has, and no other can be given to it now. What runs goes on where it is.',
    fix: 'Widen the pool, or free an address in it; then the ingress moves there.',
    retryable: true,
  },
  OWN352: {
    title: 'The address moves',
    cause: 'The address that the ingress had is outside the pool it asks for (the ranges of the pool were changed, or a literal address was replaced by `auto`), or another Gateway of the ingress names it with the same port. Connections to the old address are cut.',
    fix: 'Nothing, if that is meant; else take the old address into the ranges again before the move, and point names and firewalls at the new one.',
    retryable: false,
  },
  OWN353: {
    title: 'No address is given out for now',
    cause: 'A partition of the device cannot be read (another tool wrote it, or a newer Sluice), so that it is not known which addresses are taken there. Who has an address keeps it.',
    fix: 'Mend the partition as its own message says.',
    retryable: true,
  },
  OWN354: {
    title: 'Address and port twice in one ingress',
    cause: 'The automatic address of the ingress is one that another of its Gateways names itself, with the same port but other settings or members. Who names it goes first.',
    fix: 'Use another port or address in one of the two.',
    retryable: false,
  },
} as const satisfies CodeTable;
