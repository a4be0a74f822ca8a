/** Parsers of values in F5 ConfigMaps and CIS custom resources: JSON to a value or an error. */
import * as z from 'zod';
import {
  ANNOTATION_READERS,
  type AnnotationValue,
  checkedMonitors,
  monitorTimes,
  NO_SSL_PROFILE,
  readAddress,
} from './annotation-values.ts';
import { isClientNetworks } from '../client-networks.ts';
import { mergeCidrs, parseCidrList } from '../../net/cidr-list.ts';
import { cisMonitors } from './cis-monitors.ts';
import type { CisField, CisPart, CisReading } from './row.ts';
import {
  BALANCE_METHODS,
  DevicePath,
  isDevicePath,
  PERSISTENCE_METHODS,
  SNAT_WORDS,
} from './values.ts';

/** A health monitor of an F5 ConfigMap, as its schema allows it. */
export interface F5Monitor {
  readonly protocol: 'http' | 'tcp' | 'udp';
  /** Seconds between probes. */
  readonly interval?: number | undefined;
  /** Seconds without success until the member is down. */
  readonly timeout?: number | undefined;
  readonly send?: string | undefined;
  readonly recv?: string | undefined;
}

/** `protocol` of the ConfigMap is the type of the monitor. */
function configMapMonitors(value: unknown): AnnotationValue {
  return checkedMonitors(
    (value as readonly F5Monitor[]).map(({ protocol, interval, timeout, send, recv }) => ({
      type: protocol,
      ...monitorTimes(interval, timeout),
      ...(send !== undefined && { send }),
      ...(recv !== undefined && { receive: recv }),
    })),
  );
}

/**
 * Client SSL profiles of an F5 ConfigMap, such as `Common/clientssl`. An object without names means
 * none.
 */
function configMapSslProfiles(value: unknown): AnnotationValue {
  const { f5ProfileName, f5ProfileNames = [] } = value as {
    readonly f5ProfileName?: string;
    readonly f5ProfileNames?: readonly string[];
  };
  const names = [...f5ProfileNames, ...(f5ProfileName === undefined ? [] : [f5ProfileName])];
  const paths = names.map((name) => (name.startsWith('/') ? name : `/${name}`));
  const bad = paths.findIndex((path) => !isDevicePath(path));
  if (bad >= 0) return { problem: `"${names[bad]}" is not ${NO_SSL_PROFILE}` };
  return { value: paths.length === 0 ? undefined : paths };
}

/** Parsers for fields of F5 ConfigMaps. Each returns a value or a problem that quotes the value. */
export const CONFIGMAP_READERS = {
  plain: (value: unknown): AnnotationValue => ({ value }),
  address: (value: unknown): AnnotationValue => {
    const read = ANNOTATION_READERS.address(String(value));
    return 'problem' in read ? { problem: `"${String(value)}": ${read.problem}` } : read;
  },
  balance: (value: unknown): AnnotationValue =>
    BALANCE_METHODS.some((known) => known === value)
      ? { value }
      : { problem: `"${String(value)}" is not one of ${BALANCE_METHODS.join(', ')}` },
  monitors: configMapMonitors,
  sslProfiles: configMapSslProfiles,
} as const;

/** The same rules as for the annotation. */
function address(value: unknown): CisReading {
  const read = readAddress(String(value));
  return 'problem' in read ? { problems: [read.problem] } : read;
}

/** `standard` is the default of Sluice, so it sets nothing. */
function mode(value: unknown): CisReading {
  if (value === 'performance') return { value: 'fastl4' };
  return value === 'standard' ? {} : { problems: ['is neither standard nor performance'] };
}

/** A method that AS3 knows, or the path of a profile on the device. */
const Persistence = z.union([z.enum(PERSISTENCE_METHODS), DevicePath]);

/** `none` is the empty list. */
function persistence(value: unknown): CisReading {
  if (value === 'none') return { value: [] };
  return Persistence.safeParse(value).success
    ? { value: [value] }
    : {
        problems: [
          `is neither one of ${PERSISTENCE_METHODS.join(', ')} nor a full path such as /Common/name`,
        ],
      };
}

/** A full path; `''`, which CIS's own tools write, sets nothing. */
function pathOf(value: unknown): CisReading {
  if (value === '') return {};
  return isDevicePath(value)
    ? { value }
    : {
        problems: [
          'is not a full path such as /Common/name, of letters, digits and _ . : % @ + = -',
        ],
      };
}

/** The usable paths of a list; a problem names the others. */
function pathList(value: unknown): CisReading {
  if (!Array.isArray(value))
    return { problems: ['is not a list of full paths such as /Common/name'] };
  const paths = (value as readonly unknown[]).filter(isDevicePath);
  const others = (value as readonly unknown[]).filter((one) => !isDevicePath(one));
  return {
    ...((paths.length > 0 || others.length === 0) && { value: paths }),
    problems: others.map(
      (one) =>
        `${JSON.stringify(one)} is not a full path such as /Common/name, of letters, digits and ` +
        '_ . : % @ + = -; name a copy of the object that has such a path',
    ),
  };
}

/**
 * One iRule or a list. `none` means: without those that CIS adds itself, which Sluice never adds.
 */
function iRules(value: unknown): CisReading {
  const list = (Array.isArray(value) ? value : [value]) as readonly unknown[];
  const named = list.filter((one) => one !== 'none');
  const bad = named.find((one) => !isDevicePath(one));
  if (bad !== undefined)
    return { problems: [`${JSON.stringify(bad)} is not a full path such as /Common/name`] };
  return named.length === 0 ? {} : { value: named };
}

/** SSL profiles on BIG-IP, one or several; CIS takes them without the first `/`, too. */
function sslProfiles(value: unknown): CisReading {
  const list = [value].flat().filter((one) => one !== '');
  const paths = list.map((one) =>
    typeof one !== 'string' || one.startsWith('/')
      ? one
      : one.includes('/')
        ? `/${one}`
        : `/Common/${one}`,
  );
  const bad = paths.findIndex((one) => !isDevicePath(one));
  if (bad >= 0) return { problems: [`${JSON.stringify(list[bad])} is not ${NO_SSL_PROFILE}`] };
  return paths.length === 0 ? {} : { value: paths };
}

/** Accepts values that match the schema. */
function matching(schema: z.ZodType, problem: string): (value: unknown) => CisReading {
  return (value) => (schema.safeParse(value).success ? { value } : { problems: [problem] });
}

/** AS3 takes one network for a virtual server, so several have to merge into one per family. */
function networks(value: unknown): CisReading {
  const list = z.array(z.string()).safeParse(value);
  const text = list.success ? list.data.join(',') : '';
  if (list.success && list.data.length === 0) return {};
  if (!isClientNetworks(text))
    return { problems: ['is not a list of networks such as 10.20.0.0/16'] };
  const all = parseCidrList(text) ?? [];
  const several = ([4, 6] as const).some(
    (family) => mergeCidrs(all.filter(({ ip }) => ip.family === family)).length > 1,
  );
  return several
    ? {
        problems: [
          'names several networks, and AS3 takes one for a virtual server; ' +
            'name one that contains them, ' +
            'or use an iRule by reference or an Istio AuthorizationPolicy',
        ],
      }
    : { value: text };
}

/**
 * Parsers for fields of CIS custom resources. A value without an equivalent in Sluice becomes a
 * problem, which the import lists.
 */
export const CIS_READERS = {
  address,
  port: matching(z.int().min(1).max(65_535), 'is not a port (1 to 65535)'),
  mode,
  balance: matching(z.enum(BALANCE_METHODS), `is not one of ${BALANCE_METHODS.join(', ')}`),
  snat: matching(
    z.union([z.enum(SNAT_WORDS), DevicePath]),
    'is neither auto, none, self nor the path of a SNAT pool',
  ),
  persistence,
  path: pathOf,
  paths: matching(z.array(DevicePath), 'is not a list of full paths such as /Common/name'),
  pathList,
  iRules,
  sslProfiles,
  monitors: cisMonitors,
  networks,
  reselectTries: matching(z.int().min(0).max(65_535), 'is not a number from 0 to 65535'),
  slowRampTime: matching(z.int().min(0).max(900), 'is not a number from 0 to 900'),
  mirroring: matching(z.enum(['L4', 'none']), 'is neither L4 nor none'),
  flag: matching(z.boolean(), 'is neither true nor false'),
  /** One of these words; the problem lists them. */
  word: (...words: readonly string[]): ((value: unknown) => CisReading) =>
    matching(z.enum(words), `is not one of ${words.join(', ')}`),
} as const;

/** A field that is the path of an object on the device. */
export function cisPath(
  parts: readonly CisPart[],
  field: string,
  more: Pick<CisField, 'essential' | 'only'> = {},
): CisField {
  return { parts, field, read: CIS_READERS.path, ...more };
}

/** For fields of a Policy that CIS applies only to VirtualServers. */
export const ONLY_VIRTUAL_SERVERS = { only: 'VirtualServer' } as const;
/** For fields without which Sluice would publish something less protected than requested. */
export const ESSENTIAL = { essential: true } as const;
