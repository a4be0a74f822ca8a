/** One manual change for each property that a declaration determines. */
import {
  OWN_ADDRESS_ROWS,
  MEMBER_ROWS,
  MONITOR_ROWS,
  NODE_ROWS,
  POOL_ROWS,
  VIRTUAL_ROWS,
} from '../../../shared/bigip/drift/rows.ts';
import type { RepairMethod } from '../../../shared/device/difference.ts';
import type { DriftRow } from '../../../shared/bigip/drift/row.ts';
import { SETTING_ROWS } from '../../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import type { DeviceEffect, SettingRow } from '../../../shared/domain/exposure/settings/row.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

type Values = Readonly<Record<string, unknown>>;

const BASE = '/mgmt/tm/ltm';
const FOLDER = '~k8s~gw-172_16_100_195-32400-tcp';

/** Paths of the objects of {@link declaredState}. */
export const PATHS = {
  virtual: `${BASE}/virtual/${FOLDER}~virtual`,
  pool: `${BASE}/pool/${FOLDER}~pool`,
  member: `${BASE}/pool/${FOLDER}~pool/members/~k8s~10.244.1.5:32400`,
  monitor: `${BASE}/monitor/http/${FOLDER}~monitor0`,
  address: `${BASE}/virtual-address/~k8s~172.16.100.195`,
  node: `${BASE}/node/~k8s~10.244.1.5`,
} as const;

/** A value that differs from the one of the field if the setting is not used. */
function otherValue(effect: FieldEffect, row: SettingRow): unknown {
  const { values, key } = effect;
  const [example] = row.examples;
  const value =
    values === undefined
      ? Array.isArray(example)
        ? ['/Common/other']
        : row.reference === undefined
          ? example
          : '/Common/other'
      : (Object.values(values).find((one) => one !== effect.absent) ?? String(example));
  return key === undefined ? value : { [key]: value };
}

type FieldEffect = Extract<DeviceEffect, { readonly field: string }>;

/** The fields of the catalogue's settings. */
function settingChanges(object: 'virtual' | 'pool' | 'address'): Values {
  return Object.fromEntries(
    SETTING_ROWS.flatMap(([, row]) =>
      row.as3?.object === object
        ? (row.as3.device ?? []).flatMap((effect) =>
            'field' in effect && effect.absent !== undefined
              ? [[effect.field, otherValue(effect, row)]]
              : [],
          )
        : [],
    ),
  );
}

/** By object and property: a value that differs from the declared one. */
const CHANGES: Readonly<Record<keyof typeof PATHS, Values>> = {
  virtual: {
    ...settingChanges('virtual'),
    clonePools: [{ name: 'other', partition: 'Common', fullPath: '/Common/other' }],
    sourceAddressTranslation: { type: 'none' },
    rules: ['/Common/_sys_https_redirect'],
    vlans: { vlansEnabled: true },
    persist: [
      {
        name: 'source_addr',
        partition: 'Common',
        tmDefault: 'yes',
        fullPath: '/Common/source_addr',
      },
    ],
    fallbackPersistence: '/Common/source_addr',
    profiles: [{ name: 'tcp', partition: 'Common', context: 'all', fullPath: '/Common/tcp' }],
    policies: [{ name: 'redirect', partition: 'Common', fullPath: '/Common/redirect' }],
    ipProtocol: 'udp',
    source: '10.0.0.0/8',
    mirror: 'enabled',
    connectionLimit: 7,
    disabled: true,
  },
  pool: {
    ...settingChanges('pool'),
    monitor: 'none',
    minActiveMembers: 3,
    loadBalancingMode: 'ratio-member',
    reselectTries: 9,
  },
  member: {
    connectionLimit: 5,
    rateLimit: '5',
    dynamicRatio: 5,
    monitor: '/Common/tcp',
    ratio: 5,
    priorityGroup: 5,
    session: 'user-disabled',
  },
  monitor: {
    interval: 77,
    timeout: 77,
    destination: '*:99',
    send: 'HEAD /',
    recv: '500',
    recvDisable: 'x',
    reverse: 'enabled',
    transparent: 'enabled',
    adaptive: 'enabled',
    timeUntilUp: 4,
    upInterval: 4,
    manualResume: 'enabled',
  },
  address: {
    ...settingChanges('address'),
    enabled: 'no',
    connectionLimit: 5,
    autoDelete: 'false',
    inheritedTrafficGroup: {
      trafficGroup: '/Common/traffic-group-2',
      inheritedTrafficGroup: 'false',
    },
  },
  node: { connectionLimit: 5, rateLimit: '5', dynamicRatio: 5, monitor: '/Common/icmp' },
};

const ROWS: Readonly<Record<keyof typeof PATHS, readonly DriftRow<never>[]>> = {
  virtual: VIRTUAL_ROWS,
  pool: POOL_ROWS,
  member: MEMBER_ROWS,
  monitor: MONITOR_ROWS,
  address: OWN_ADDRESS_ROWS,
  node: NODE_ROWS,
};

/** Properties that are changed in several fields, or in other fields. */
const OF_SEVERAL = new Set(['vlans', 'inheritedTrafficGroup']);

/** Only a change of the whole device configuration can change it: iControl REST refuses it. */
const NOT_BY_HAND = ['virtual mask'];

/** What no declaration in these tests determines. */
const UNDECIDED = ['address trafficGroup'];

export interface DriftCase {
  readonly name: string;
  readonly path: string;
  readonly patch: Values;
  /** According to the table; differences that other code compares are repaired by a declare. */
  readonly heal: RepairMethod;
}

/** Rows of the table that no case covers. */
export function rowsWithoutCase(): readonly string[] {
  return Object.entries(ROWS).flatMap(([object, rows]) =>
    rows
      .filter(({ field }) => !(field in CHANGES[object as keyof typeof PATHS]))
      .map(({ field }) => `${object} ${field}`)
      .filter((name) => ![...NOT_BY_HAND, ...UNDECIDED].includes(name)),
  );
}

export const DRIFT_CASES: readonly DriftCase[] = Object.entries(CHANGES).flatMap(
  ([object, changes]) =>
    Object.entries(changes).map(([field, value]) => ({
      name: `${object} ${field}`,
      path: PATHS[object as keyof typeof PATHS],
      patch: OF_SEVERAL.has(field) ? (value as Values) : { [field]: value },
      heal:
        ROWS[object as keyof typeof PATHS].find((row) => row.field === field)?.heal ?? 'declare',
    })),
);

/** One exposure with an HTTP monitor. */
export function driftState(): DeclaredState {
  const http = {
    type: 'http' as const,
    interval: 5,
    timeout: 16,
    port: 15_021,
    send: 'GET / HTTP/1.1\\r\\n\\r\\n',
    receive: '200 OK',
  };
  const tcp = { type: 'tcp' as const, interval: 5, timeout: 16 };
  const settings = { ...SETTINGS, monitors: [http, tcp] };
  return planPartition('k8s', EMPTY_STATE, [slice(1, [exposure({ settings })])], {
    sameFleet: () => false,
  }).next;
}
