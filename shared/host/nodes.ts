/** Opens the nodes of devices for express, apart from `devices.ts`, so that its bundle is small. */
import { openNodeAccess } from '../bigip/node-access.ts';
import type { NodeAccess } from '../device/nodes.ts';
import type { PerDevice } from '../device/per-device.ts';
import { perDevice } from '../device/per-device.ts';
import type { Runtime } from './runtime.ts';

/** One login per device and process; connections are created on first use. */
export function openNodes(runtime: Runtime): PerDevice<NodeAccess> {
  return perDevice(async (config) => {
    const { secrets } = runtime;
    const ca = config.tls.ca === undefined ? undefined : await secrets.resolve(config.tls.ca);
    const password = (): Promise<string> => secrets.resolve(config.password);
    return openNodeAccess(config, { ca, password }, runtime);
  });
}
