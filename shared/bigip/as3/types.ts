/**
 * The subset of AS3 that Sluice writes; see the AS3 schema reference at https://clouddocs.f5.com.
 */
export interface As3Pointer {
  readonly bigip?: string;
  readonly use?: string;
}

/** A virtual server. */
export interface As3Service {
  readonly class: 'Service_TCP' | 'Service_L4' | 'Service_HTTP' | 'Service_HTTPS' | 'Service_UDP';
  readonly layer4?: 'tcp' | 'udp';
  readonly virtualAddresses: readonly (string | As3Pointer)[];
  readonly virtualPort: number;
  readonly pool: string;
  readonly adminState?: 'disable';
  /** Settings that the catalogue defines as properties. */
  readonly [property: string]: unknown;
}

/** Members with equal attributes; `serverAddresses` lists their addresses. */
export interface As3PoolMember {
  readonly servicePort: number;
  readonly serverAddresses: readonly string[];
  readonly shareNodes?: boolean;
  readonly ratio?: number;
  readonly priorityGroup?: number;
  readonly adminState?: 'disable' | 'offline';
}

/** A pool with its members. */
export interface As3Pool {
  readonly class: 'Pool';
  readonly monitors?: readonly As3Pointer[];
  readonly minimumMonitors?: 'all';
  readonly minimumMembersActive?: number;
  readonly members: readonly As3PoolMember[];
  /** Settings that the catalogue defines as properties. */
  readonly [property: string]: unknown;
}

/** A virtual address with settings of its own. */
export interface As3Address {
  readonly class: 'Service_Address';
  readonly virtualAddress: string;
  /** The object on the device is named like the address, whatever the name here. */
  readonly useIpName: true;
  /** Settings that the catalogue defines as properties. */
  readonly [property: string]: unknown;
}

/** A health monitor. `interval` and `timeout` are in seconds. */
export interface As3Monitor {
  readonly class: 'Monitor';
  readonly monitorType: string;
  /** Seconds between probes. */
  readonly interval: number;
  /** Seconds without success until the member is down. */
  readonly timeout: number;
  readonly targetPort?: number;
  readonly send?: string;
  readonly receive?: string;
}

/** An application: a virtual server, its pool and the monitors of the pool. */
export type As3Application = { readonly class: 'Application' } & Readonly<Record<string, unknown>>;

/** The declaration of a tenant: applications, and Sluice's metadata in `constants`. */
export type As3Tenant = { readonly class: 'Tenant' } & Readonly<Record<string, unknown>>;
