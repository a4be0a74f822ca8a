/**
 * Inputs of hashes and keys. The same input must always give the same text, or stored data is not
 * found again.
 */
import { chooseable } from './pools.ts';
import { applicationName, devicePaths } from '../../../../shared/bigip/as3/names.ts';
import { BALANCE_METHODS } from '../../../../shared/domain/exposure/settings/values.ts';
import { exposureKey } from '../../../../shared/domain/exposure/exposure.ts';
import { partitionFor } from '../../../../shared/domain/exposure/spread.ts';
import { canonicalJson } from '../../../../shared/domain/declared/declared.ts';
import {
  ABSENT_FINGERPRINT,
  structureFingerprint,
} from '../../../../shared/domain/plan/fingerprint.ts';
import { failureId, ownerDigit } from '../../../../shared/failures/identity.ts';
import { queueToken } from '../../../../shared/queue/limits.ts';
import { EAST, PLAIN, STATES } from './declared.ts';
import { SIGNER } from './events.ts';

const PLACES = [
  { address: '172.16.100.195', port: 32_400, protocol: 'tcp' },
  { address: '2001:db8::195', port: 53, protocol: 'udp' },
] as const;
const OWNERS = [EAST, 'west/team-b/gateway', 'north/x/y'];
const PARTITIONS = ['k8s', 'k8s-2', 'k8s-3', 'k8s-4'];

export function fingerprints(): object {
  const settings = Object.values(STATES['settings']!.exposures).map((e) => e.settings);
  return {
    structures: [
      PLAIN,
      ...settings,
      ...BALANCE_METHODS.map((balance) => ({ ...PLAIN, balance })),
    ].map((s) => [canonicalJson(s), structureFingerprint(s)]),
    absent: ABSENT_FINGERPRINT,
    exposureKeys: PLACES.map(exposureKey),
    applications: PLACES.map(applicationName),
    paths: PLACES.map((place) => devicePaths('k8s', place)),
    owners: OWNERS.map((owner) => [owner, ownerDigit(owner)]),
    failures: OWNERS.flatMap((owner) => [
      failureId({
        code: 'BIP421',
        queue: 'slices',
        owner,
        group: 'g',
        device: 'bigip-1',
        partition: 'k8s',
        exposure: 'k',
        structure: 's',
      }),
      failureId({
        code: 'Q610',
        queue: 'snapshots',
        owner: undefined,
        group: owner,
        device: undefined,
        partition: undefined,
        exposure: undefined,
        structure: 's',
      }),
    ]),
    tokens: ['short', 'a b', '\u2603', 'x'.repeat(128), 'x'.repeat(129)].map((text) => [
      text,
      queueToken(text),
    ]),
    keyid: SIGNER.keyid,
    partitions: Array.from({ length: 16 }, (_, i) => `172.16.100.${i}`).map((address) => [
      address,
      partitionFor(address, PARTITIONS),
    ]),
    addresses: OWNERS.map((owner) => [owner, chooseable(owner)]),
  };
}
