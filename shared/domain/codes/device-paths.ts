/** Codes about routes, tunnels and the journal of paths on devices. */
import type { CodeTable } from './entry.ts';

/** BIP47x: what becomes of the paths that slices ask for. BIP49x: what others change in them. */
export const DEVICE_PATH_CODES = {
  BIP470: {
    title: 'BIG-IP refuses a path to pods',
    cause:
      'BIG-IP does not accept a route, a record of a tunnel, or an ARP or NDP entry, or fails with ' +
      'it alone; or another object has its name. New members that need it wait; members that are ' +
      'declared already stay, and other paths go on.',
    fix:
      'Read the message of BIG-IP, and correct what it names; remove or rename an object in ' +
      'devices[].networks.partition that has the name of a path. The next run on the device tries ' +
      'again; a replay of the dead letter tries at once.',
    retryable: true,
  },
  BIP471: {
    title: 'Somebody else has the route or entry',
    cause:
      'A network has one route in its route domain, and a MAC one record in its tunnel. Another client or another cluster uses it for another destination. Sluice does not change objects of others.',
    fix:
      'Remove the object that the message names, or correct the node or cluster that claims the ' +
      'network without having it. Two clusters with one pod network need different route domains.',
    retryable: true,
  },
  BIP472: {
    title: 'The node is in no network of BIG-IP',
    cause: 'A route needs a gateway in the network of a self IP in its route domain.',
    fix:
      'Give each unit a self IP in the network of the nodes, or name the network that it has in ' +
      'clusters[].nodeNetworks. If a router is between them, use members: nodes or network.mode: vxlan.',
    retryable: true,
  },
  BIP473: {
    title: 'The node and the tunnel are in different route domains',
    cause:
      'The local address of the tunnel is in another route domain than the address of the node.',
    fix: 'Correct the local address of the tunnel in devices[].networks.tunnels.',
    retryable: true,
  },
  BIP474: {
    title: 'The journal of paths cannot be read',
    cause:
      'The data group sluice-paths-<number> in devices[].networks.partition was changed by another ' +
      'client; or it has more than 20,000 records, or would get more; or the data groups there are ' +
      'too large to be read. Sluice does not know which paths it wrote, so it writes and removes ' +
      'none on the device. New members wait.',
    fix:
      'Restore the data group from a backup, or delete it: Sluice goes on with the one before, or ' +
      'with the objects that carry its mark. Records of tunnels carry none, so check them for ' +
      'leftovers by hand. With too many records, use network.from: podCIDR, or fewer clusters for ' +
      'each device; remove large data groups of others from the partition. The next audit after ' +
      'that tries the waiting members again.',
    retryable: true,
  },
  BIP475: {
    title: 'Removals of paths are held',
    cause:
      'No declared member needs the paths any more, but more than 20 % (and more than three) of ' +
      'the paths of the cluster would be removed at once.',
    fix:
      'If the nodes or pods will not come back, run "sluice approve <owner>" as the message says. ' +
      'Unneeded paths do no harm.',
    retryable: false,
  },
  BIP476: {
    title: 'The partition for paths has a declaration',
    cause:
      'AS3 declared something in devices[].networks.partition. It would fail to remove a partition ' +
      'with routes, so Sluice writes no paths there.',
    fix: 'Name another partition in devices[].networks.partition, which no other client uses.',
    retryable: true,
  },
  BIP477: {
    title: 'The tunnel does not exist',
    cause: 'The device has no tunnel with the name in devices[].networks.tunnels.',
    fix: 'Create it on each unit (`sluice network setup` prints the commands), or correct the name.',
    retryable: true,
  },
  BIP478: {
    title: 'A new member waits for its path',
    cause:
      'BIG-IP has no path to the pod, so it would not reach it. It waits until there is one; ' +
      'members that are declared already stay, and a pool never becomes empty.',
    fix: 'Correct what the notes about its node say (GW180 to GW186).',
    retryable: true,
  },
  BIP479: {
    title: 'F5 CIS still writes to the device',
    cause:
      'Between two readings, half a minute apart, routes or ARP entries of F5 CIS came, changed or ' +
      'went, or records that Sluice made vanished from a tunnel: F5 CIS writes the whole list. Two ' +
      'writers of one network undo what the other one did.',
    fix:
      'Scale the Deployment of F5 CIS to 0 in every cluster that the device serves, then run ' +
      '"sluice network adopt" again.',
    retryable: false,
  },
  BIP490: {
    title: 'A path to pods is missing',
    cause:
      'The journal of paths names a route, a record of a tunnel, or an ARP or NDP entry that is ' +
      'not on the unit: it was removed there, or could not be written.',
    fix:
      'With policy.drift: repair or adopt, Sluice writes it again by itself. Otherwise run "sluice ' +
      'drift --repair", or wait for the next change on the device. Find out who removed it; F5 ' +
      'CIS removes records of tunnels that it does not know.',
    retryable: true,
  },
  BIP491: {
    title: 'A path to pods was changed',
    cause:
      'A route, a record of a tunnel, or an ARP or NDP entry of Sluice leads elsewhere than its ' +
      'journal of paths says.',
    fix:
      'With policy.drift: repair or adopt, Sluice changes it back by itself. Otherwise run "sluice ' +
      'drift --repair", or wait for the next change on the device. Find out who changed it.',
    retryable: true,
  },
  BIP492: {
    title: 'A path to pods is left over',
    cause:
      'Sluice wrote a route or entry that no declared member needs any more, and its grace is ' +
      'over; or it was removed, and somebody wrote it again.',
    fix:
      'With policy.drift: repair or adopt, Sluice removes it by itself. Otherwise run "sluice ' +
      'drift --repair", or wait for the next change on the device.',
    retryable: true,
  },
  BIP493: {
    title: 'A data group looks like a journal of paths',
    cause:
      'A data group sluice-paths-<number> in devices[].networks.partition has a number that is far ' +
      'above that of the journal. Sluice did not make it, and ignores it.',
    fix: 'Delete the data group that the message names.',
    retryable: false,
  },
} as const satisfies CodeTable;
