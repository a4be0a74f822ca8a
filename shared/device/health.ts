/** Members of pools as the device's monitors see them. */
export interface MemberHealth {
  /** Key of the exposure: `address:port/protocol`. */
  readonly exposure: string;
  /** As declared, with the route domain. */
  readonly address: string;
  readonly port: number;
  /** `unknown`: not monitored, not probed yet, or taken out by somebody. */
  readonly state: 'up' | 'down' | 'unknown';
}
