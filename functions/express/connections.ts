import type { NodeAccess } from '../../shared/bigip/node-access.ts';
import { openNodeAccess } from '../../shared/bigip/node-access.ts';
import type { PerDevice } from '../../shared/device/per-device.ts';
import { perDevice } from '../../shared/device/per-device.ts';
import type { Runtime } from '../../shared/host/runtime.ts';

/** One login per device and process. */
export type Connections = PerDevice<NodeAccess>;

/** Connections are created on first use and cached per device. */
export function createConnections(runtime: Runtime): Connections {
  return perDevice(async (config) => {
    const ca =
      config.tls.ca === undefined ? undefined : await runtime.secrets.resolve(config.tls.ca);
    return openNodeAccess(
      config,
      { ca, password: () => runtime.secrets.resolve(config.password) },
      runtime,
    );
  });
}
