/** What may be wrong with the network of a cluster, as seen from a device. */
export interface NetworkNote {
  readonly device: string;
  readonly cluster: string;
  readonly code: string;
  readonly message: string;
  /** The exposures that it is about. */
  readonly exposures: readonly string[];
}
