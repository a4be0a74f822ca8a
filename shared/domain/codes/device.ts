import type { CodeTable } from './entry.ts';

/** BIP4xx: the device refused; BIP5xx: it is busy or away. */
export const DEVICE_CODES = {
  BIP401: { title: 'Login refused', cause: 'BIG-IP does not accept the user name and password.', fix: 'Correct devices[].username, the secret behind devices[].password, and loginProvider for remote users.', retryable: true },
  BIP402: { title: 'Certificate not trusted', cause: "The device's certificate is signed by an unknown CA, names another host, or is not the pinned one.", fix: 'Set devices[].tls.ca to the CA bundle, or devices[].tls.fingerprint to the SHA-256 of the certificate.', retryable: true },
  BIP403: { title: 'Not allowed', cause: 'The account lacks a right; AS3 wants the administrator role.', fix: 'Give the account of devices[].username the role administrator on all partitions.', retryable: true },
  BIP404: { title: 'AS3 not installed', cause: 'The device has no AS3, or it is still starting after a restart.', fix: 'Install the f5-appsvcs package, 3.50 or newer, on every unit.', retryable: true },
  BIP405: { title: 'AS3 too old', cause: 'The installed AS3 is older than what Sluice declares with.', fix: 'Upgrade AS3 to 3.50 or newer.', retryable: true },
  BIP420: { title: 'AS3 refuses the declaration', cause: 'The declaration breaks a rule of AS3.', fix: 'Read the words of AS3; correct the annotation, ConfigMap or sluice.yaml they point at.', retryable: false },
  BIP421: { title: 'The device refuses the configuration', cause: 'AS3 accepted the declaration, BIG-IP did not.', fix: 'Read the words of BIG-IP; correct the setting they name.', retryable: false },
  BIP422: { title: 'Address and port are taken on the device', cause: 'A virtual server outside the partitions of Sluice uses the same address and port.', fix: 'Remove that virtual server or choose another port or address.', retryable: true },
  BIP423: { title: 'The address belongs to another partition', cause: 'A virtual address or node with this address exists in another partition.', fix: 'Use the partition that has the address, or another address.', retryable: true },
  BIP424: { title: 'A referenced object does not exist', cause: 'An iRule, profile, VLAN or pool named by reference is not on the device.', fix: 'Create it on the device or correct the reference.', retryable: true },
  BIP430: { title: 'Somebody else wrote the partition', cause: 'The declaration changed between reading and posting.', fix: 'Nothing: Sluice reads again and tries once more.', retryable: true },
  BIP440: { title: 'The device differs from what it was told', cause: 'AS3 answered success, yet the live objects are not what was declared.', fix: 'Look at the named object on the device; remove changes made by hand.', retryable: true },
  BIP441: { title: 'The peer is not in sync', cause: 'The config sync to devices[].syncTo failed or did not end; the active unit has everything.', fix: 'Look at the peer and at the device group; until then a failover would bring back an older configuration, which Sluice then mends.', retryable: true },
  BIP442: { title: 'Declared versions lie behind', cause: 'A unit took over that may not have been in sync, or the device was put back from a backup.', fix: 'Nothing: Sluice asks the watchers to say everything again. Check the config sync of the pair.', retryable: true },
  BIP501: { title: 'Device not reachable', cause: 'No connection to the management address.', fix: 'Check the URL, routing, firewall and that the device is up. Events wait in the queue.', retryable: true },
  BIP502: { title: 'No answer in time', cause: 'The device accepted the connection but did not answer in time.', fix: 'Look at the load of the device; raise devices[].requestTimeout.', retryable: true },
  BIP503: { title: 'Device busy', cause: 'Another configuration operation holds the lock of AS3.', fix: 'Nothing: Sluice tries again. If it lasts, look who else posts.', retryable: true },
  BIP504: { title: 'Management services restarting', cause: 'The REST services of the device are not up.', fix: 'Nothing: Sluice tries again.', retryable: true },
  BIP505: { title: 'Outcome unknown', cause: 'The device failed or restarted while working; it may have done it.', fix: 'Nothing: Sluice reads the device back before it does anything else.', retryable: true },
  BIP506: { title: 'Too many tokens', cause: 'The account has 100 active tokens.', fix: 'Give Sluice an account of its own.', retryable: true },
  BIP507: { title: 'No unit is active', cause: 'Every unit of the device says it is standby or offline.', fix: 'Nothing while a failover is under way. If it lasts, look at the pair; with one URL, set devices[].peer.', retryable: true },
  BIP508: { title: 'Device left alone', cause: 'The device failed several times in a row; it is asked only now and then.', fix: 'Mend what the message names. Sluice notices by itself; events wait in the queue.', retryable: true },
} as const satisfies CodeTable;
