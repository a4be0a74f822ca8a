import type { CodeTable } from './entry.ts';

/** BIP4xx: the device refused; BIP5xx: it is busy or away. */
export const DEVICE_CODES = {
  BIP401: {
    title: 'Login refused',
    cause: 'BIG-IP does not accept the user name and password.',
    fix: 'Correct devices[].username, the secret behind devices[].password, and loginProvider for remote users.',
    retryable: true,
  },
  BIP402: {
    title: 'Certificate not trusted',
    cause:
      "The device's certificate is signed by an unknown CA, names another host, or is not the pinned one.",
    fix: 'Set devices[].tls.ca to the CA bundle, or devices[].tls.fingerprint to the SHA-256 of the certificate.',
    retryable: true,
  },
  BIP403: {
    title: 'Not allowed',
    cause: 'The account lacks a right; AS3 wants the administrator role.',
    fix: 'Give the account of devices[].username the role administrator on all partitions.',
    retryable: true,
  },
  BIP404: {
    title: 'AS3 not installed',
    cause: 'The device has no AS3, or it is still starting after a restart.',
    fix: 'Install the f5-appsvcs package, 3.50 or newer, on every unit.',
    retryable: true,
  },
  BIP405: {
    title: 'AS3 too old',
    cause: 'The installed AS3 is older than what Sluice declares with.',
    fix: 'Upgrade AS3 to 3.50 or newer.',
    retryable: true,
  },
  BIP420: {
    title: 'AS3 refuses the declaration',
    cause: 'The declaration breaks a rule of AS3.',
    fix: 'Read the words of AS3; correct the annotation, ConfigMap or sluice.yaml they point at.',
    retryable: false,
  },
  BIP421: {
    title: 'The device refuses the configuration',
    cause: 'AS3 accepted the declaration, BIG-IP did not.',
    fix: 'Read the words of BIG-IP; correct the setting they name.',
    retryable: false,
  },
  BIP422: {
    title: 'Address and port are taken on the device',
    cause: 'A virtual server outside the partitions of Sluice uses the same address and port.',
    fix: 'Remove that virtual server or choose another port or address.',
    retryable: true,
  },
  BIP423: {
    title: 'The address belongs to another partition',
    cause: 'A virtual address or node with this address exists in another partition.',
    fix: 'Use the partition that has the address, or another address.',
    retryable: true,
  },
  BIP424: {
    title: 'A referenced object does not exist',
    cause: 'An iRule, profile, VLAN or pool named by reference is not on the device.',
    fix: 'Create it on the device or correct the reference.',
    retryable: true,
  },
  BIP430: {
    title: 'Somebody else wrote the partition',
    cause: 'The declaration changed between reading and posting.',
    fix: 'Nothing: Sluice reads again and tries once more.',
    retryable: true,
  },
  BIP440: {
    title: 'The device differs from what it was told',
    cause: 'AS3 answered success, yet the live objects are not what was declared.',
    fix: 'Look at the named object on the device; remove changes made by hand.',
    retryable: true,
  },
  BIP441: {
    title: 'The peer is not in sync',
    cause:
      'The config sync to devices[].syncTo failed or did not end; the active unit has everything.',
    fix: 'Look at the peer and at the device group; until then a failover would bring back an older configuration, which Sluice then mends.',
    retryable: true,
  },
  BIP442: {
    title: 'Declared versions lie behind',
    cause:
      'A unit took over that may not have been in sync, or the device was put back from a backup.',
    fix: 'Nothing: Sluice asks the watchers to say everything again. Check the config sync of the pair.',
    retryable: true,
  },
  BIP450: {
    title: 'A declared object is missing',
    cause: 'Somebody took away on the device what Sluice declares.',
    fix: 'With policy.drift: repair nothing; else run sluice drift after the next change, which declares it again. Find out who did it.',
    retryable: true,
  },
  BIP451: {
    title: 'A declared object was changed',
    cause: 'Somebody changed on the device what Sluice declares.',
    fix: 'With policy.drift: repair nothing; else the next change declares it again. Say it by annotation or ConfigMap, not on the device.',
    retryable: true,
  },
  BIP452: {
    title: 'An object that nothing declares',
    cause: 'Somebody made an object in a partition of Sluice, or a declaration left one behind.',
    fix: 'Make it in a partition of your own: the next declaration takes it away.',
    retryable: true,
  },
  BIP453: {
    title: 'An owner that is not configured',
    cause: 'Exposures are declared for an ingress that is no longer in sluice.yaml.',
    fix: 'Add the ingress to sluice.yaml again and take its Gateways away first, then the entry.',
    retryable: false,
  },
  BIP454: {
    title: 'The declaration is too large',
    cause:
      'The whole partition in one request is more than the REST service of the device takes (HTTP 413); what is declared stays, and what would make it larger is left out.',
    fix: 'Spread the ingresses over more partitions, or raise the memory and body limits of the REST services of the device.',
    retryable: true,
  },
  BIP455: {
    title: 'A change made by hand is kept',
    cause:
      'With policy.drift: adopt the balancing of a pool, or the connection limit or the switch of a virtual server, was changed on the device and is declared so since.',
    fix: 'Nothing, as long as it is meant. sluice drift --repair gives back what the Gateways ask for; so does asking for another value of that setting.',
    retryable: false,
  },
  BIP456: {
    title: 'A partition that is not configured any more',
    cause:
      'Sluice declared it, and devices[].partitions does not name it: nobody changes or takes away what is served there.',
    fix: 'Name it in devices[].partitions again, behind the others; what has no word of its own on its partition moves out with the next snapshots, which cuts its connections. Take it out once nothing is declared there. Where another Sluice has it, nothing.',
    retryable: false,
  },
  BIP460: {
    title: 'A partition holds more than recommended',
    cause:
      'Every change reads, posts and compares the whole partition, so a large one makes all of its changes slow.',
    fix: 'Spread the exposures over several partitions (devices[].spread) or devices; see docs/operations/limits.md. Nothing is refused for it.',
    retryable: false,
  },
  BIP461: {
    title: 'Pools have more members than recommended',
    cause: 'Each member is probed by each monitor and is an object of its own on the device.',
    fix: 'Use members: nodes, a nodeSelector or fewer gateway pods; see docs/operations/limits.md. Nothing is refused for it.',
    retryable: false,
  },
  BIP462: {
    title: 'More clusters share a device than recommended',
    cause: 'AS3 has one lock for each device, so the changes of all clusters wait for each other.',
    fix: 'Give some of the clusters another device; see docs/operations/limits.md. Nothing is refused for it.',
    retryable: false,
  },
  BIP501: {
    title: 'Device not reachable',
    cause: 'No connection to the management address.',
    fix: 'Check the URL, routing, firewall and that the device is up. What is for it waits.',
    retryable: true,
  },
  BIP502: {
    title: 'No answer in time',
    cause: 'The device accepted the connection but did not answer in time.',
    fix: 'Look at the load of the device; raise devices[].requestTimeout.',
    retryable: true,
  },
  BIP503: {
    title: 'Device busy',
    cause: 'Another configuration operation holds the lock of AS3.',
    fix: 'Nothing: Sluice tries again. If it lasts, look who else posts.',
    retryable: true,
  },
  BIP504: {
    title: 'Management services restarting',
    cause: 'The REST services of the device are not up.',
    fix: 'Nothing: Sluice tries again.',
    retryable: true,
  },
  BIP505: {
    title: 'Outcome unknown',
    cause: 'The device failed or restarted while working; it may have done it.',
    fix: 'Nothing: Sluice reads the device back before it does anything else.',
    retryable: true,
  },
  BIP506: {
    title: 'Too many tokens',
    cause: 'The account has 100 active tokens.',
    fix: 'Give Sluice an account of its own.',
    retryable: true,
  },
  BIP507: {
    title: 'No unit is active',
    cause: 'Every unit of the device says it is standby or offline.',
    fix: 'Nothing while a failover is under way. If it lasts, look at the pair; with one URL, set devices[].peer.',
    retryable: true,
  },
  BIP508: {
    title: 'Device left alone',
    cause: 'The device failed several times in a row; it is asked only now and then.',
    fix: 'Mend what the message names. Sluice notices by itself; what is for it waits.',
    retryable: true,
  },
  BIP509: {
    title: 'A call inside the device fails',
    cause:
      "AS3 works by calls to the device's own REST services. One of them failed, or AS3 failed without naming anything that was declared.",
    fix: 'Look at the call that the message names, and at restnoded.log, restjavad.0.log and ltm in /var/log of the device. Sluice tries again by itself: what alone meets the fault is left out until its next try, else all that is for the device waits.',
    retryable: true,
  },
  BIP510: {
    title: 'Waits for a device',
    cause:
      'The device is away, or refuses to work, for more than some minutes. The newest slice of each ingress and every order wait in the failure store; the device is asked now and then.',
    fix: 'Mend the device; what waits is applied by itself then. "sluice waiting list" shows it, and "sluice waiting cancel" takes an order back.',
    retryable: true,
  },
  BIP511: {
    title: 'Answer of another shape',
    cause:
      'What answers at the address of the device says something that this call never answers: a page, half a document, a number, an object without what it is about.',
    fix: 'Look at what the message quotes and at what answers at devices[].url: a proxy, a portal, or a device that is out of order. A write is read back before anything else is done.',
    retryable: true,
  },
  BIP512: {
    title: 'Answer too large',
    cause: 'The answer went on beyond what this kind of call can need, and was given up.',
    fix: 'Look at what answers at devices[].url. If it is the device, spread its exposures over several partitions (docs/operations/limits.md).',
    retryable: true,
  },
} as const satisfies CodeTable;
