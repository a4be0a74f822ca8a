export { createDevices } from '../../shared/bigip/devices.ts';
export type { Devices } from '../../shared/bigip/devices.ts';
