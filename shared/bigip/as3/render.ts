/** Declared state → AS3 tenant. `read.ts` is its exact inverse. */
import type { Monitor } from '../../domain/exposure/settings/values.ts';
import type { Settings } from '../../domain/exposure/settings/settings.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type {
  Contribution,
  DeclaredExposure,
  DeclaredState,
} from '../../domain/declared/declared.ts';
import { operatedValues } from '../../domain/plan/overrides.ts';
import type { OperatedValues } from '../../domain/declared/override.ts';
import { exposureKey } from '../../domain/exposure/exposure.ts';
import { DECLARED_FORMAT } from '../../domain/declared/declared.ts';
import type { ContributionRecord, Memory } from './memory.ts';
import { applicationName, EMPTY_APPLICATION } from './names.ts';
import { renderProperties } from './properties.ts';
import type {
  As3Address,
  As3Application,
  As3Monitor,
  As3PoolMember,
  As3Service,
  As3Tenant,
} from './types.ts';

/** What the declaration of a partition depends on besides its state. */
export interface RenderOptions {
  /**
   * Nodes in /Common, required if several partitions of a device use the same addresses. A state
   * with its own value keeps it.
   */
  readonly shareNodes: boolean;
  /** By cluster; used only with shared nodes, which are not drained. */
  readonly drains?: DeclaredState['drains'];
  readonly overrides?: DeclaredState['overrides'];
}

const SERVICE_CLASS = {
  tcp: 'Service_TCP',
  fastl4: 'Service_L4',
  http: 'Service_HTTP',
  https: 'Service_HTTPS',
  udp: 'Service_UDP',
} as const;

/** Deterministic: equal states give equal bytes. */
export function renderTenant(state: DeclaredState, options: RenderOptions): As3Tenant {
  const { exposures: declared, ...rest } = state;
  const exposures = Object.values(declared);
  const shareNodes = state.shareNodes ?? options.shareNodes;
  const { drains, overrides } = state;
  const applications = exposures.map(
    (e) => [applicationName(e), renderApplication(e, { shareNodes, drains, overrides })] as const,
  );
  const records = exposures.map(
    (e) => [applicationName(e), e.contributions.map(recordOf)] as const,
  );
  const sluice: Memory = {
    format: DECLARED_FORMAT,
    ...rest,
    shareNodes,
    exposures: Object.fromEntries(records),
  };
  return {
    class: 'Tenant',
    constants: { class: 'Constants', sluice },
    [EMPTY_APPLICATION]: { class: 'Application' },
    ...Object.fromEntries(applications),
  };
}

/** AS3 refuses a schemaVersion newer than its own, so this is the lowest that suffices. */
const SCHEMA_VERSION = '3.50.0';

/**
 * The request body for these partitions; others are unchanged. `save` writes the configuration of
 * the device to disk.
 */
export function wrapTenants(tenants: Readonly<Record<string, As3Tenant>>, save: boolean): object {
  const adc = {
    class: 'ADC',
    schemaVersion: SCHEMA_VERSION,
    updateMode: 'selective',
    id: 'sluice',
    controls: { class: 'Controls', userAgent: 'sluice' },
    ...tenants,
  };
  return { class: 'AS3', action: 'deploy', persist: save, declaration: adc };
}

/** The AS3 application of one exposure. Kept manual changes replace the settings. */
export function renderApplication(e: DeclaredExposure, options: RenderOptions): As3Application {
  const operated = operatedValues(e, options.overrides?.[exposureKey(e)]);
  const { enabled: _enabled, ...values } = operated;
  const settings: Settings = { ...e.settings, ...values };
  const { loadBalancingMode, ...properties } = renderProperties('pool', settings);
  const address = renderProperties('address', settings);
  // Without settings of its own, a virtual address follows from the virtual server.
  const hasAddress = Object.keys(address).length > 0;
  const monitors = e.settings.monitors.map((m, i) => [`monitor${i}`, renderMonitor(m)] as const);
  return {
    class: 'Application',
    virtual: renderVirtual(e, settings, { ...operated, hasAddress }),
    pool: {
      class: 'Pool',
      loadBalancingMode,
      // "any" is the default of the device, and would let one passing monitor hide a failing one.
      ...(monitors.length > 0
        ? { monitors: monitors.map(([name]) => ({ use: name })), minimumMonitors: 'all' }
        : {}),
      ...(e.minimumActive === undefined ? {} : { minimumMembersActive: e.minimumActive }),
      ...properties,
      members: e.contributions.flatMap((c) => renderMembers(c, options)),
    },
    ...(hasAddress && { [ADDRESS_NAME]: renderAddress(e, address) }),
    ...Object.fromEntries(monitors),
  };
}

/** The item of an application that holds its virtual address. */
export const ADDRESS_NAME = 'address';

/**
 * The virtual address under the name that it has without this object, so that it is not created
 * anew. Of several objects for one address AS3 uses the last (as3.md §9.7).
 */
function renderAddress(
  { address }: DeclaredExposure,
  properties: ReturnType<typeof renderProperties>,
): As3Address {
  return {
    class: 'Service_Address',
    virtualAddress: address,
    useIpName: true,
    ...properties,
  };
}

/** The virtual server of an exposure; its class depends on the mode. */
function renderVirtual(
  e: DeclaredExposure,
  settings: Settings,
  { enabled, hasAddress }: Required<OperatedValues> & { readonly hasAddress: boolean },
): As3Service {
  const { mode } = settings;
  return {
    class: SERVICE_CLASS[mode],
    ...(mode === 'fastl4' ? { layer4: e.protocol } : {}),
    virtualAddresses: hasAddress ? [{ use: ADDRESS_NAME }] : [e.address],
    virtualPort: e.port,
    pool: 'pool',
    // AS3's default opens port 80.
    ...(mode === 'https' ? { redirect80: false } : {}),
    ...renderProperties('virtual', settings),
    ...(enabled ? {} : { adminState: 'disable' }),
  };
}

/** The AS3 class of a monitor. */
function renderMonitor(m: Monitor): As3Monitor {
  return {
    class: 'Monitor',
    monitorType: m.type,
    interval: m.interval,
    timeout: m.timeout,
    ...(m.port === undefined ? {} : { targetPort: m.port }),
    ...(m.send === undefined ? {} : { send: m.send }),
    ...(m.receive === undefined ? {} : { receive: m.receive }),
  };
}

/**
 * One entry per port of an owner; AS3 compares members by address and port, so grouping is free.
 */
function renderMembers(c: Contribution, options: RenderOptions): As3PoolMember[] {
  const attributes = memberAttributes(c, options);
  return portsOf(c).map((servicePort) => ({
    servicePort,
    serverAddresses: c.members.filter((m) => m.port === servicePort).map((m) => m.address),
    ...attributes,
  }));
}

/**
 * Equal for all members of an owner and independent of pods, because every edit deletes and re-adds
 * the member.
 */
export function memberAttributes(
  c: Contribution,
  { shareNodes, drains }: RenderOptions,
): Omit<As3PoolMember, 'servicePort' | 'serverAddresses'> {
  const priority = c.priority === undefined ? {} : { priorityGroup: c.priority };
  if (!shareNodes) return priority;
  const drain = drains?.[parseOwner(c.owner).cluster];
  return {
    shareNodes: true,
    ...priority,
    ...(c.weight === undefined ? {} : { ratio: c.weight }),
    ...(drain === undefined ? {} : { adminState: drain.mode === 'out' ? 'offline' : 'disable' }),
  };
}

function portsOf(c: Contribution): number[] {
  return [...new Set(c.members.map((m) => m.port))];
}

/** The record of an owner's member entries. */
export function recordOf(c: Contribution): ContributionRecord {
  const draining = c.members
    .filter((m) => m.availability === 'draining')
    .map((m) => `${m.address}:${m.port}`);
  const { owner, gateways, since, wish, weight, priority } = c;
  return {
    owner,
    gateways,
    since,
    ports: portsOf(c),
    draining,
    ...(wish === undefined ? {} : { wish }),
    ...(weight === undefined ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
  };
}
