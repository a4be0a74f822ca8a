/** A session that sends no writes, for dry runs. */
import type { Logger } from '../../telemetry/log.ts';
import type { DeviceSession } from './session.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';

/** Sends only reads; logs every other request and answers it with success. */
export function readOnlySession(
  session: DeviceSession,
  device: string,
  log: Logger,
): DeviceSession {
  const told = new Set<string>();
  const tell = ({ method, path, body }: DeviceRequest): DeviceResponse => {
    const digest = JSON.stringify([method, path, body]);
    if (!told.has(digest)) log.info({ device, method, path, body }, 'dry run: not sent');
    told.add(digest);
    return { status: 200, text: '{}', json: {} };
  };
  return {
    device,
    read: (look, schema) => session.read(look, schema),
    find: (look, schema, otherwise) => session.find(look, schema, otherwise),
    call: async (request, accept) =>
      request.method === 'GET' ? session.call(request, accept) : tell(request),
    callStandby: async (request, accept) =>
      request.method === 'GET' ? session.callStandby(request, accept) : tell(request),
    facts: () => session.facts(),
    askOthers: (request) =>
      request.method === 'GET' ? session.askOthers(request) : Promise.resolve([]),
    close: () => session.close(),
  };
}
