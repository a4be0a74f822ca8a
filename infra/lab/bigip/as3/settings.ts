import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { isObject } from '../json.ts';
import { Refused } from './answers.ts';

/** AS3's own settings as installed. */
export const as3SettingsDefault: Readonly<Record<string, unknown>> = {
  asyncTaskStorage: 'data-group',
  burstHandlingEnabled: false,
  perAppDeploymentAllowed: true,
  serviceDiscoveryEnabled: true,
  serializeFileUploads: false,
  performanceTracingEnabled: false,
  performanceTracingEndpoint: '',
  encodeDeclarationMetadata: false,
  webhook: '',
};

/** GET and POST of `/mgmt/shared/appsvcs/settings`. */
export function as3Settings(device: Device, request: LabRequest): Reply {
  if (request.method === 'POST') {
    if (!isObject(request.body)) throw new Refused(422, 'Error: settings should be object');
    const unknown = Object.keys(request.body).find((key) => !(key in as3SettingsDefault));
    if (unknown !== undefined)
      throw new Refused(422, 'settings are invalid', [
        `: should NOT have additional properties (${unknown})`,
      ]);
    device.condition.as3Settings = { ...device.condition.as3Settings, ...request.body };
  } else if (request.method !== 'GET') throw new Refused(405, 'Method Not Allowed');
  return { status: 200, body: device.condition.as3Settings };
}
