/** Checks across the configuration that no single field can make. */
import { isUsableVirtualAddress, parseIp } from '../domain/exposure/ip.ts';
import { forbiddenReferences, type PolicyConfig } from '../domain/exposure/policy.ts';
import { monitorProblem, type SettingsInput } from '../domain/exposure/settings.ts';
import { nearest } from '../domain/exposure/nearest.ts';
import { CODES } from '../domain/codes/index.ts';
import type { ConfigProblem } from './error.ts';
import type { IngressConfig, SluiceConfig } from './schema.ts';

function repeated(path: string, key: string, values: readonly string[]): readonly ConfigProblem[] {
  return values.flatMap((value, i) => {
    const first = values.indexOf(value);
    return first === i ? [] : [{ path: `${path}[${i}]${key}`, message: `${value} is already used by ${path}[${first}]` }];
  });
}

function missing(path: string, value: string, known: readonly string[], what: string): readonly ConfigProblem[] {
  if (known.includes(value)) return [];
  const meant = nearest(value, known);
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
  return [{ path, message: `there is no ${what} ${value}; ${hint}` }];
}

function referencesOf(settings: SettingsInput): readonly string[] {
  const { snat, persistence = [], iRules = [], proxyProtocol, profiles = {}, vlans = [] } = settings;
  const all = [snat, proxyProtocol, ...persistence, ...iRules, ...Object.values(profiles), ...vlans];
  return [...new Set(all)].filter((path) => path !== undefined).filter((path) => path.startsWith('/'));
}

function settingsProblems(path: string, settings: SettingsInput, policy: PolicyConfig): readonly ConfigProblem[] {
  const monitors = (settings.monitors ?? []).flatMap((monitor, i) => {
    const problem = monitorProblem(monitor);
    return problem === undefined ? [] : [{ path: `${path}.monitors[${i}]`, message: problem }];
  });
  const references = forbiddenReferences(policy, referencesOf(settings)).map((reference) => ({
    path,
    message: `refers to ${reference}, which policy.references does not list; add it there`,
  }));
  return [...monitors, ...references];
}

function partitionProblems(path: string, ingress: IngressConfig, config: SluiceConfig): readonly ConfigProblem[] {
  const devices = config.devices.filter((device) => ingress.devices.includes(device.name));
  const partition = ingress.partition ?? devices[0]?.partitions[0];
  return devices
    .filter((device) => partition !== undefined && !device.partitions.includes(partition))
    .map((device) => ({ path: `${path}.partition`, message: `${partition} is not a partition of device ${device.name} (${device.partitions.join(', ')})` }));
}

function addressProblems(path: string, ingress: IngressConfig): readonly ConfigProblem[] {
  const ip = ingress.virtualAddress === undefined ? undefined : parseIp(ingress.virtualAddress);
  if (ip === undefined || isUsableVirtualAddress(ip)) return [];
  return [{ path: `${path}.virtualAddress`, message: `${ingress.virtualAddress} must be a unicast address that clients can reach` }];
}

function ingressProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const devices = config.devices.map((device) => device.name);
  const clusters = config.clusters.map((cluster) => cluster.id);
  return config.ingresses.flatMap((ingress, i) => {
    const path = `ingresses[${i}]`;
    const twin = config.ingresses.findIndex((other) => other.cluster === ingress.cluster && other.service === ingress.service);
    return [
      ...missing(`${path}.cluster`, ingress.cluster, clusters, 'cluster'),
      ...ingress.devices.flatMap((name, k) => missing(`${path}.devices[${k}]`, name, devices, 'device')),
      ...repeated(`${path}.devices`, '', ingress.devices),
      ...(twin === i ? [] : [{ path, message: `Service ${ingress.service} of cluster ${ingress.cluster} is already ingresses[${twin}]` }]),
      ...partitionProblems(path, ingress, config),
      ...addressProblems(path, ingress),
      ...settingsProblems(`${path}.settings`, ingress.settings, config.policy),
    ];
  });
}

function fleetProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const clusters = config.clusters.map((cluster) => cluster.id);
  const home = new Map<string, string>();
  return config.fleets.flatMap((fleet, i) =>
    fleet.clusters.flatMap((cluster, k) => {
      const path = `fleets[${i}].clusters[${k}]`;
      const other = home.get(cluster);
      home.set(cluster, fleet.name);
      const twice = other === undefined ? [] : [{ path, message: `cluster ${cluster} is already in fleet ${other}; a cluster belongs to one fleet` }];
      return [...missing(path, cluster, clusters, 'cluster'), ...twice];
    }),
  );
}

/** A password in a URL would end up in logs and error messages. */
function deviceProblems(config: SluiceConfig): readonly ConfigProblem[] {
  return config.devices.flatMap((device, i) => {
    const { username, password, protocol } = new URL(device.url);
    const path = `devices[${i}].url`;
    return [
      ...(username === '' && password === '' ? [] : [{ path, message: 'must not hold a user or password; use username and password' }]),
      ...(protocol === 'https:' || protocol === 'http:' ? [] : [{ path, message: `must begin with https://, not ${protocol}//` }]),
      ...repeated(`devices[${i}].partitions`, '', device.partitions),
    ];
  });
}

/** What needs a change would fail in every turn. */
function replayProblems({ failures }: SluiceConfig): readonly ConfigProblem[] {
  const codes = failures.replay.flatMap((policy, i) => (policy.codes ?? []).map((code, k) => ({ code, path: `failures.replay[${i}].codes[${k}]` })));
  return codes.flatMap(({ code, path }) => {
    const entry = CODES[code];
    if (entry === undefined) return [{ path, message: `there is no code ${code}; docs/reference/codes.md lists them` }];
    return entry.retryable ? [] : [{ path, message: `${code} (${entry.title}) does not pass without a change, so it cannot be replayed on a schedule; take it out, and replay it by hand once it is mended` }];
  });
}

export function checkConfig(config: SluiceConfig): readonly ConfigProblem[] {
  return [
    ...repeated('devices', '.name', config.devices.map((device) => device.name)),
    ...repeated('clusters', '.id', config.clusters.map((cluster) => cluster.id)),
    ...repeated('fleets', '.name', config.fleets.map((fleet) => fleet.name)),
    ...repeated('policy.rules', '.name', config.policy.rules.map((rule) => rule.name)),
    ...repeated('failures.replay', '.name', config.failures.replay.map((policy) => policy.name)),
    ...replayProblems(config),
    ...deviceProblems(config),
    ...fleetProblems(config),
    ...ingressProblems(config),
  ];
}
