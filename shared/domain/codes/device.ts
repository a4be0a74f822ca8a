/**
 * Codes about devices: what BIG-IP or AS3 refuses, how a device differs from its declaration, and
 * why it cannot be reached.
 */
import type { CodeTable } from './entry.ts';

/** BIP4xx: the device refuses the request; BIP5xx: it is busy or unreachable. */
export const DEVICE_CODES = {
  // Access to the device, and AS3 itself.
  BIP401: {
    title: 'Login refused',
    cause: 'BIG-IP does not accept the user name and password.',
    fix:
      'Correct devices[].username, the secret that devices[].password refers to, and ' +
      'loginProvider for remote users.',
    retryable: true,
  },
  BIP402: {
    title: 'Certificate not trusted',
    cause:
      'An unknown CA signed the certificate of the device, the certificate is for another host ' +
      'name, or it is not the pinned one.',
    fix:
      'Set devices[].tls.ca to the CA bundle, or devices[].tls.fingerprint to the SHA-256 of ' +
      'the certificate.',
    retryable: true,
  },
  BIP403: {
    title: 'Permission denied',
    cause: 'The account lacks a permission; AS3 requires the administrator role.',
    fix: 'Give the account in devices[].username the administrator role on all partitions.',
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
    cause: 'The installed AS3 is older than the version that Sluice requires.',
    fix: 'Upgrade AS3 to 3.50 or newer.',
    retryable: true,
  },
  // Content that AS3 or BIG-IP refuses.
  BIP420: {
    title: 'AS3 refuses the declaration',
    cause: 'The declaration breaks a rule of AS3.',
    fix:
      'Read the message of AS3, and correct the annotation, ConfigMap or sluice.yaml entry that ' +
      'it points to.',
    retryable: false,
  },
  BIP421: {
    title: 'BIG-IP refuses the configuration',
    cause: 'AS3 accepted the declaration, but BIG-IP refused the configuration made from it.',
    fix: 'Read the message of BIG-IP, and correct the setting that it names.',
    retryable: false,
  },
  BIP422: {
    title: 'Address and port are in use on the device',
    cause: 'A virtual server outside the partitions of Sluice uses the same address and port.',
    fix:
      'Remove that virtual server, or choose another port or address. If F5 CIS has it, ' +
      '`sluice migrate cis` moves it.',
    retryable: true,
  },
  BIP423: {
    title: 'The address belongs to another partition',
    cause: 'A virtual address or node with this address exists in another partition.',
    fix:
      'Use the partition that holds the address, or choose another address. If F5 CIS has it, ' +
      '`sluice migrate cis` moves it; for nodes of F5 CIS in /Common, set `devices[].shareNodes`.',
    retryable: true,
  },
  BIP424: {
    title: 'A referenced object does not exist',
    cause:
      'The device does not have an iRule, profile, policy, VLAN or pool that a setting refers to, or ' +
      'has an object of another kind under that name; the message says which.',
    fix: 'Create the object on the device, or correct the reference.',
    retryable: true,
  },
  BIP425: {
    title: 'A module is not provisioned',
    cause: 'A setting needs a module of BIG-IP, such as ASM, AFM or APM, that is not provisioned.',
    fix: 'Provision the module on the device, or remove the setting.',
    retryable: true,
  },
  // The declaration or the device is not as Sluice left it, or a declaration is too large.
  BIP430: {
    title: 'The partition was changed by another client',
    cause: 'The declaration changed between the read and the post.',
    fix: 'Nothing to do: Sluice reads the declaration again and retries.',
    retryable: true,
  },
  BIP440: {
    title: 'The device differs from the declaration',
    cause: 'AS3 reported success, but the live objects differ from the declaration.',
    fix: 'Check the object that the message names on the device, and undo manual changes.',
    retryable: true,
  },
  BIP441: {
    title: 'The peer is not in sync',
    cause:
      'The config sync to devices[].syncTo failed or did not finish. The active unit has the ' +
      'full configuration.',
    fix:
      'Check the peer and the device group. Until they are in sync, a failover activates an ' +
      'older configuration, which Sluice then corrects.',
    retryable: true,
  },
  BIP442: {
    title: 'Declared versions went backwards',
    cause:
      'A unit that may not have been in sync took over, or the device was restored from a backup.',
    fix:
      'Nothing to do: Sluice asks the watchers for a full resync. Check the config sync of the ' +
      'pair.',
    retryable: true,
  },
  BIP450: {
    title: 'A declared object is missing',
    cause: 'An object that Sluice declares was removed on the device.',
    fix:
      'With policy.drift: repair, Sluice restores the object by itself. Otherwise run "sluice ' +
      'drift --repair", which declares it again. Find out who removed it.',
    retryable: true,
  },
  BIP451: {
    title: 'A declared object was changed',
    cause: 'An object that Sluice declares was changed on the device.',
    fix:
      'With policy.drift: repair, Sluice restores the object by itself. Otherwise run "sluice ' +
      'drift --repair", or wait for the next change, which declares it again. To change a ' +
      'setting for good, use an annotation or ConfigMap.',
    retryable: true,
  },
  BIP452: {
    title: 'An undeclared object is in the partition',
    cause:
      'Something other than Sluice created an object in a partition of Sluice, or an earlier ' +
      'declaration left it behind.',
    fix:
      'If you need the object, create it again in a partition that Sluice does not manage, and ' +
      'delete this one. Otherwise there is nothing to do: the next declaration of the partition ' +
      'removes it, and "sluice drift --repair" removes it at once.',
    retryable: true,
  },
  BIP453: {
    title: 'An owner that is not configured',
    cause: 'The device has exposures for an ingress that is no longer in sluice.yaml.',
    fix:
      'Add the ingress to sluice.yaml again and delete its Gateways. When its exposures are ' +
      'gone, remove the entry.',
    retryable: false,
  },
  BIP454: {
    title: 'The declaration is too large',
    cause:
      'The request for the whole partition is larger than the REST service of the device ' +
      'accepts (HTTP 413). The declared configuration stays, and Sluice leaves out the changes ' +
      'that would make it larger.',
    fix:
      'Spread the ingresses over more partitions, or raise the memory and body-size limits of ' +
      'the REST services on the device.',
    retryable: true,
  },
  BIP455: {
    title: 'A manual change is kept',
    cause:
      'With policy.drift: adopt, Sluice kept a manual change on the device and has declared it ' +
      'since: the balancing method of a pool, or the connection limit or enabled state of a ' +
      'virtual server.',
    fix:
      'Nothing to do if the change is intended. To return to the values that the Gateways ' +
      'request, run "sluice drift --repair", or request another value for that setting.',
    retryable: false,
  },
  BIP456: {
    title: 'A partition is no longer configured',
    cause:
      'Sluice declared the partition, but devices[].partitions does not list it. Sluice no ' +
      'longer changes or removes what the partition serves.',
    fix:
      '1. Add the partition to the end of devices[].partitions. 2. Wait for the next snapshots: ' +
      'exposures that do not request this partition move to another one, which cuts their ' +
      'connections. 3. When nothing is declared in it, remove it from devices[].partitions. If ' +
      'another Sluice installation manages the partition, leave it as it is.',
    retryable: false,
  },
  BIP457: {
    title: 'A repair left differences',
    cause:
      'Sluice declared the partition again and wrote back what AS3 does not compare, but the ' +
      'device still differs. Sluice does not repeat the repair while the differences are the same.',
    fix:
      'Look at the object that the message names: something sets it again, or the device does ' +
      'not take the value. "sluice drift" lists the differences, "sluice drift --repair" tries again.',
    retryable: true,
  },
  // More than the recommended size; nothing is refused.
  BIP460: {
    title: 'A partition holds more than recommended',
    cause:
      'Every change reads, posts and compares the whole partition, so every change in a large ' +
      'partition is slow.',
    fix:
      'Spread the exposures over several partitions (devices[].spread) or devices; see ' +
      'docs/operations/limits.md. This is a recommendation; nothing is refused.',
    retryable: false,
  },
  BIP461: {
    title: 'Pools have more members than recommended',
    cause:
      'Every monitor probes every member, and every member is a separate object on the device.',
    fix:
      'Use members: nodes, a nodeSelector or fewer gateway pods; see docs/operations/limits.md. ' +
      'This is a recommendation; nothing is refused.',
    retryable: false,
  },
  BIP462: {
    title: 'More clusters share a device than recommended',
    cause: 'AS3 has one lock for each device, so the changes of all clusters wait for each other.',
    fix:
      'Move some of the clusters to another device; see docs/operations/limits.md. This is a ' +
      'recommendation; nothing is refused.',
    retryable: false,
  },
  // The device is unreachable or busy, or answers in an unexpected way.
  BIP501: {
    title: 'Device not reachable',
    cause: 'Sluice cannot connect to the management address.',
    fix:
      'Check the URL, routing, the firewall, and whether the device is up. Changes for the ' +
      'device wait until it is reachable.',
    retryable: true,
  },
  BIP502: {
    title: 'No answer in time',
    cause: 'The device accepted the connection but did not answer within the time limit.',
    fix: 'Check the load of the device, or raise devices[].requestTimeout.',
    retryable: true,
  },
  BIP503: {
    title: 'Device busy',
    cause: 'Another configuration operation holds the AS3 lock.',
    fix: 'Nothing to do: Sluice retries. If it lasts, find out who else posts declarations.',
    retryable: true,
  },
  BIP504: {
    title: 'Management services restarting',
    cause: 'The REST services of the device are not up.',
    fix: 'Nothing to do: Sluice retries.',
    retryable: true,
  },
  BIP505: {
    title: 'Outcome unknown',
    cause:
      'The device failed or restarted while it processed the request. It may have applied the ' +
      'change.',
    fix: 'Nothing to do: Sluice reads the state of the device before it does anything else.',
    retryable: true,
  },
  BIP506: {
    title: 'Too many tokens',
    cause: 'The account has 100 active tokens, the maximum.',
    fix: 'Give Sluice its own account.',
    retryable: true,
  },
  BIP507: {
    title: 'No unit is active',
    cause: 'Every unit of the device reports itself as standby or offline.',
    fix:
      'Nothing to do during a failover. If it lasts, check the pair. With only one URL ' +
      'configured, set devices[].peer.',
    retryable: true,
  },
  BIP508: {
    title: 'Device temporarily not called',
    cause: 'The device failed several times in a row, so Sluice calls it only occasionally.',
    fix:
      'Correct the fault that the message names. Sluice detects the recovery by itself; changes ' +
      'for the device wait until then.',
    retryable: true,
  },
  BIP509: {
    title: 'A call inside the device fails',
    cause:
      "AS3 calls the device's own REST services. One of these calls failed, or AS3 failed " +
      'without naming anything in the declaration.',
    fix:
      'Check the call that the message names, and restnoded.log, restjavad.0.log and ltm in ' +
      '/var/log on the device. Sluice retries by itself. If only one change triggers the fault, ' +
      'that change is left out until its next try; otherwise all changes for the device wait.',
    retryable: true,
  },
  BIP510: {
    title: 'Waiting for a device',
    cause:
      'The device has been unreachable or failing for more than a few minutes. The newest slice ' +
      'of each ingress and every order wait in the failure store, and Sluice probes the device ' +
      'periodically.',
    fix:
      'Repair the device; Sluice then applies the waiting changes by itself. "sluice waiting ' +
      'list" shows them, and "sluice waiting cancel" cancels an order.',
    retryable: true,
  },
  BIP511: {
    title: 'Unexpected answer',
    cause:
      'The answer does not have the shape that this call returns: for instance an HTML page, a ' +
      'truncated document, a number, or an object without the required fields.',
    fix:
      'Check the quoted answer and what listens at devices[].url: a proxy, a login portal, or a ' +
      'faulty device. After a write, Sluice reads the state of the device before it does ' +
      'anything else.',
    retryable: true,
  },
  BIP512: {
    title: 'Answer too large',
    cause:
      'The answer exceeded the size limit for this kind of call, and Sluice stopped reading it.',
    fix:
      'Check what listens at devices[].url. If it is the device, spread its exposures over ' +
      'several partitions (docs/operations/limits.md).',
    retryable: true,
  },
} as const satisfies CodeTable;
