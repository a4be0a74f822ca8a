/**
 * The subset of AS3 that Sluice writes; see the AS3 schema reference at https://clouddocs.f5.com.
 */
export interface As3Pointer {
  readonly bigip?: string;
  readonly use?: string;
}

/** A virtual server. */
export interface As3Service {
  /** Follows from the mode (as3.md §9.7). */
  readonly class: 'Service_TCP' | 'Service_L4' | 'Service_HTTP' | 'Service_HTTPS' | 'Service_UDP';
  /** Absent: TCP, or UDP for `Service_UDP`. */
  readonly layer4?: 'tcp' | 'udp';
  /** One address, or a pointer to the Service_Address with its settings. */
  readonly virtualAddresses: readonly (string | As3Pointer)[];
  readonly virtualPort: number;
  /** Name of the pool in the same application. */
  readonly pool: string;
  /** Absent: enabled. */
  readonly adminState?: 'disable';
  /** Settings that the catalogue defines as properties. */
  readonly [property: string]: unknown;
}

/** Members with equal attributes; `serverAddresses` lists their addresses. */
export interface As3PoolMember {
  /** Of all addresses of this entry. */
  readonly servicePort: number;
  readonly serverAddresses: readonly string[];
  /** Nodes in /Common, which several partitions may use (as3.md §3.2). */
  readonly shareNodes?: boolean;
  /** Share of the connections relative to others of the pool; absent: 1. */
  readonly ratio?: number;
  /** The highest group with enough members serves. */
  readonly priorityGroup?: number;
  /** Drains or takes out at the member itself (as3.md §9.2.2); absent: enabled. */
  readonly adminState?: 'disable' | 'offline';
}

/** A pool with its members. */
export interface As3Pool {
  readonly class: 'Pool';
  readonly monitors?: readonly As3Pointer[];
  /** By default one passing monitor hides a failing one (as3.md §3.2). */
  readonly minimumMonitors?: 'all';
  /** Members below which the next priority group joins. */
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
  /** Such as `http`; cannot be changed under the same name (as3.md §9.3a). */
  readonly monitorType: string;
  /** Seconds between probes. */
  readonly interval: number;
  /** Seconds without success until the member is down. */
  readonly timeout: number;
  /** Absent or 0: the port of the member. */
  readonly targetPort?: number;
  /** Absent: AS3's default for the type. */
  readonly send?: string;
  /** What a healthy answer contains. */
  readonly receive?: string;
}

/** An application: a virtual server, its pool and the monitors of the pool. */
export type As3Application = { readonly class: 'Application' } & Readonly<Record<string, unknown>>;

/** The declaration of a tenant: applications, and Sluice's metadata in `constants`. */
export type As3Tenant = { readonly class: 'Tenant' } & Readonly<Record<string, unknown>>;
