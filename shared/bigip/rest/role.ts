/**
 * Determines the active unit of a pair, and checks its requirements before anything is declared.
 */
import { Info, readAs, Stats, UnitName, wrongShape } from './answers.ts';
import { DeviceError } from '../../device/errors.ts';
import { faultOf, isUnreadable } from './outcomes.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';
import type { Unit } from './unit.ts';

/** Name and AS3 version of a unit. */
export interface UnitFacts {
  /** The name of the unit; undefined if not reported. */
  readonly hostname: string | undefined;
  readonly as3: string;
}

/** The oldest AS3 version that supports Sluice's declarations. */
const OLDEST_AS3 = [3, 50] as const;

/** The first unit in this order that reports itself as active. */
export async function findActive(device: string, units: readonly Unit[]): Promise<Unit> {
  const said: string[] = [];
  const errors: unknown[] = [];
  for (const unit of units) {
    try {
      const role = await askRole(device, unit);
      if (role === 'ACTIVE') return unit;
      said.push(`${unit.url} says ${role}`);
    } catch (error) {
      errors.push(error);
      said.push(
        `${unit.url} did not answer: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  // No unit reported a role, so the error says more.
  if (errors.length === units.length) throw errors[0];
  const peer = units.length === 1 ? '; set devices[].peer to the other unit of the pair' : '';
  throw new DeviceError(
    'BIP507',
    'transient',
    `${device}: no unit is active (${said.join(', ')})${peer}`,
  );
}

/**
 * The failover state of a unit in capitals, such as ACTIVE; a device without high availability is
 * ACTIVE. Throws if the answer has no state.
 */
async function askRole(device: string, unit: Unit): Promise<string> {
  const request: DeviceRequest = { method: 'GET', path: '/mgmt/tm/cm/failover-status' };
  const answer = await requestUnit(device, unit, request, [404]);
  // Without failover information there is no failover.
  if (answer.status === 404) return 'ACTIVE';
  const role = readAs(Stats, { device, request }, answer)['status']?.description;
  if (role === undefined) throw wrongShape({ device, request }, answer, 'status: missing');
  return role.toUpperCase();
}

/** Renews an invalid token once; throws on any other error. */
export async function requestUnit(
  device: string,
  unit: Unit,
  request: DeviceRequest,
  accept: readonly number[] = [],
): Promise<DeviceResponse> {
  const first = await unit.send(request);
  const answer = first.status === 401 ? await unit.send(request) : first;
  if (answer.status >= 400 && !accept.includes(answer.status))
    throw faultOf(device, request, answer);
  if (isUnreadable(answer)) throw wrongShape({ device, request }, answer);
  return answer;
}

/**
 * Name and AS3 version of a unit. Rejects with a {@link DeviceError} if AS3 is missing or too old.
 */
export async function readUnitFacts(device: string, unit: Unit): Promise<UnitFacts> {
  const request: DeviceRequest = { method: 'GET', path: '/mgmt/shared/appsvcs/info' };
  const [info, named] = await Promise.all([
    requestUnit(device, unit, request),
    // Only used to distinguish units, so it is optional.
    requestUnit(device, unit, {
      method: 'GET',
      path: '/mgmt/tm/sys/global-settings?$select=hostname',
    }).catch(() => undefined),
  ]);
  const { version: as3 } = readAs(Info, { device, request }, info);
  if (!isRecent(as3)) {
    const words = as3 === '' ? 'AS3 does not report its version' : `AS3 ${as3} is installed`;
    throw new DeviceError(
      'BIP405',
      'device',
      `${device} at ${unit.url}: ${words}; ` +
        `Sluice declares with schema ${OLDEST_AS3.join('.')}.0, ` +
        `which needs AS3 ${OLDEST_AS3.join('.')} or newer on every unit`,
      { response: info.text },
    );
  }
  return { as3, hostname: UnitName.safeParse(named?.json).data?.hostname };
}

/** Whether AS3 has at least the version whose behaviour Sluice relies on. */
function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_AS3[0] || (major === OLDEST_AS3[0] && minor >= OLDEST_AS3[1]);
}
