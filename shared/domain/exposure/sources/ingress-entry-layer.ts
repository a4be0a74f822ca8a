/** An entry of `ingresses` as a source of settings. */
import { formatIp, parseIp } from '../../net/ip.ts';
import { namedInput } from '../settings/compose.ts';
import type { ExposureRefusal, SettingsLayer } from '../settings/layers.ts';
import { monitorProblem } from '../settings/values.ts';
import type { IngressEntry } from './ingress-entry.ts';

/** The ingress entry of `sluice.yaml` as a source, above only the defaults. */
export function ingressEntryLayer(entry: IngressEntry): SettingsLayer {
  const { virtualAddress, partition, settings } = entry;
  const wanted = {
    ...(virtualAddress !== undefined && { virtualAddress: inOneSpelling(virtualAddress) }),
    ...(partition !== undefined && { partition }),
    ...namedInput(settings),
  };
  const source = `sluice.yaml (ingress ${entry.cluster}/${entry.service})`;
  const refusals = (settings.monitors ?? []).flatMap((monitor): ExposureRefusal[] => {
    const problem = monitorProblem(monitor);
    return problem === undefined ? [] : [{ code: 'GW137', message: `${source}: ${problem}` }];
  });
  return { source, wanted, refusals, notes: [], isDefault: true };
}

/** Equal addresses must have one key; text such as `auto` stays. */
function inOneSpelling(address: string): string {
  const ip = parseIp(address);
  return ip === undefined ? address : formatIp(ip);
}
