/** Checks that involve several fields of the configuration. */
import { isUsableVirtualAddress, parseIp } from '../domain/net/ip.ts';
import { CODES } from '../domain/codes/index.ts';
import { isThisHost } from '../runtime/this-host.ts';
import type { ConfigProblem } from './error.ts';
import { fleetProblems } from './fleet-checks.ts';
import { unknownNameProblems, repeatedProblems, settingsProblems } from './rules.ts';
import { hasCredentials } from './url-credentials.ts';
import { bundleProblems } from './bundle-checks.ts';
import { addressPoolProblems } from './pool-checks.ts';
import { networkProblems } from './networks.ts';
import { pathProblems } from './path-checks.ts';
import type { IngressConfig, SluiceConfig } from './schema.ts';

/**
 * The partition of the ingress must exist on each of its devices. Without one, it is the first
 * partition of its first device.
 */
function partitionProblems(
  path: string,
  ingress: IngressConfig,
  config: SluiceConfig,
): readonly ConfigProblem[] {
  const devices = config.devices.filter((device) => ingress.devices.includes(device.name));
  // With spread there is no default partition; see spreadProblems.
  const partition =
    ingress.partition ?? (devices[0]?.spread === 'address' ? undefined : devices[0]?.partitions[0]);
  return devices
    .filter((device) => partition !== undefined && !device.partitions.includes(partition))
    .map((device) => ({
      path: `${path}.partition`,
      message: `${partition} is not a partition of device ${device.name} (${device.partitions.join(', ')})`,
    }));
}

/**
 * An exposure is in the same partition on every device of its ingress, so these devices must spread
 * alike. With `spread: address` the partition follows from the address and the list of partitions,
 * so the lists have to be the same.
 */
function spreadProblems(
  path: string,
  ingress: IngressConfig,
  config: SluiceConfig,
): readonly ConfigProblem[] {
  const [first, ...others] = config.devices.filter((device) =>
    ingress.devices.includes(device.name),
  );
  if (first === undefined || ingress.partition !== undefined) return [];
  const remedy =
    "use one of the partitions of the ingress's devices, or configure the devices alike";
  return others.flatMap((other) => {
    if (other.spread !== first.spread)
      return [
        {
          path: `${path}.devices`,
          message: `${first.name} has spread: ${first.spread}, ${other.name} has spread: ${other.spread}; ${remedy}`,
        },
      ];
    if (first.spread === 'none' || sameNames(first.partitions, other.partitions)) return [];
    return [
      {
        path: `${path}.devices`,
        message:
          `spread: ${first.spread} needs the same partitions on all of them, ` +
          `but ${first.name} has ${first.partitions.join(', ')}, ` +
          `${other.name} has ${other.partitions.join(', ')}; ${remedy}`,
      },
    ];
  });
}

/** The order of partitions does not matter. */
function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join('\n') === b.toSorted().join('\n');
}

/** Text that is no address, such as `auto`, is not checked here. */
function addressProblems(path: string, ingress: IngressConfig): readonly ConfigProblem[] {
  const ip = ingress.virtualAddress === undefined ? undefined : parseIp(ingress.virtualAddress);
  if (ip === undefined || isUsableVirtualAddress(ip)) return [];
  return [
    {
      path: `${path}.virtualAddress`,
      message: `${ingress.virtualAddress} must be a unicast address that clients can reach`,
    },
  ];
}

/** All problems of `ingresses`. Of two entries for one Service, the later one is reported. */
function ingressProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const devices = config.devices.map((device) => device.name);
  const clusters = config.clusters.map((cluster) => cluster.id);
  return config.ingresses.flatMap((ingress, i) => {
    const path = `ingresses[${i}]`;
    const twin = config.ingresses.findIndex(
      (other) => other.cluster === ingress.cluster && other.service === ingress.service,
    );
    return [
      ...unknownNameProblems(`${path}.cluster`, ingress.cluster, clusters, 'cluster'),
      ...ingress.devices.flatMap((name, k) =>
        unknownNameProblems(`${path}.devices[${k}]`, name, devices, 'device'),
      ),
      ...repeatedProblems(`${path}.devices`, '', ingress.devices),
      ...(twin === i
        ? []
        : [
            {
              path,
              message: `Service ${ingress.service} of cluster ${ingress.cluster} is already ingresses[${twin}]`,
            },
          ]),
      ...partitionProblems(path, ingress, config),
      ...spreadProblems(path, ingress, config),
      ...addressProblems(path, ingress),
      ...settingsProblems(`${path}.settings`, ingress.settings, config.policy),
    ];
  });
}

/** With a key shared by two clusters, each could sign events of the other. */
function keyProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const home = new Map<string, string>();
  return config.clusters.flatMap(({ verifyKeys }, i) =>
    verifyKeys.flatMap((reference, k) => {
      const path = `clusters[${i}].verifyKeys[${k}]`;
      const other = home.get(reference);
      home.set(reference, other ?? path);
      return other === undefined
        ? []
        : [
            {
              path,
              message: `${reference} is already ${other}; every cluster needs its own keys`,
            },
          ];
    }),
  );
}

/** A password in a URL would appear in logs and error messages. */
function deviceProblems(config: SluiceConfig): readonly ConfigProblem[] {
  return config.devices.flatMap((device, i) => {
    const path = `devices[${i}].url`;
    return [
      ...encryptionProblems(path, device.url),
      ...(device.peer === undefined ? [] : encryptionProblems(`devices[${i}].peer`, device.peer)),
      ...(hasCredentials(device.url)
        ? [{ path, message: 'must not contain a user or password; use username and password' }]
        : []),
      ...repeatedProblems(`devices[${i}].partitions`, '', device.partitions),
    ];
  });
}

/** Login and declarations must be encrypted; only traffic to the own host need not be. */
function encryptionProblems(path: string, url: string): readonly ConfigProblem[] {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || (protocol === 'http:' && isThisHost(hostname))) return [];
  return [{ path, message: `must begin with https://, not ${protocol}//` }];
}

/** A policy must not select codes that fail without a change. */
function replayProblems({ failures }: SluiceConfig): readonly ConfigProblem[] {
  const codes = failures.replay.flatMap((policy, i) =>
    (policy.codes ?? []).map((code, k) => ({ code, path: `failures.replay[${i}].codes[${k}]` })),
  );
  return codes.flatMap(({ code, path }) => {
    const entry = CODES[code];
    if (entry === undefined)
      return [{ path, message: `unknown code ${code}; docs/reference/codes.md lists all codes` }];
    return entry.retryable
      ? []
      : [
          {
            path,
            message:
              `${code} (${entry.title}) cannot succeed without a change, ` +
              'so it cannot be replayed on a schedule; ' +
              'remove it, and replay such failures by hand once the cause is corrected',
          },
        ];
  });
}

/**
 * Returns all problems; empty if the configuration is consistent. The schema must have accepted it
 * before.
 */
export function checkConfig(config: SluiceConfig): readonly ConfigProblem[] {
  return [
    ...repeatedProblems(
      'devices',
      '.name',
      config.devices.map((device) => device.name),
    ),
    ...repeatedProblems(
      'clusters',
      '.id',
      config.clusters.map((cluster) => cluster.id),
    ),
    ...repeatedProblems(
      'fleets',
      '.name',
      config.fleets.map((fleet) => fleet.name),
    ),
    ...repeatedProblems(
      'addressPools',
      '.name',
      config.addressPools.map((pool) => pool.name),
    ),
    ...repeatedProblems(
      'policy.rules',
      '.name',
      config.policy.rules.map((rule) => rule.name),
    ),
    ...repeatedProblems(
      'failures.replay',
      '.name',
      config.failures.replay.map((policy) => policy.name),
    ),
    ...replayProblems(config),
    ...deviceProblems(config),
    ...keyProblems(config),
    ...networkProblems(config),
    ...pathProblems(config),
    ...fleetProblems(config),
    ...ingressProblems(config),
    ...addressPoolProblems(config),
    ...bundleProblems(config),
  ];
}
