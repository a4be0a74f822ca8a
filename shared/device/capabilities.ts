/** What a kind of device can do, and its limits: known without asking a device. */
import type { DeviceConfig } from '../config/schema.ts';
import type { DeclaredExposure, DeclaredState } from '../domain/declared/declared.ts';

/** How much one declare may change. The unit of costs is the device's own. */
export interface DeclareSize {
  /** The largest cost of one declare, as long as nothing was learnt from others. */
  readonly most: number;
  /** Milliseconds after which the device gives up on what the costs are about. */
  readonly giveUpMs: number;
  /** The cost of a new exposure without its members; no declare is limited to less. */
  readonly exposure: number;
  /** The cost of one changed exposure; 0 if only metadata changes. */
  readonly cost: (
    before: DeclaredExposure | undefined,
    after: DeclaredExposure | undefined,
  ) => number;
}

/** Where an exposure is. */
export type ExposurePlace = Pick<DeclaredExposure, 'address' | 'port' | 'protocol'>;

/** Facts about a kind of device. All functions are pure. */
export interface Capabilities {
  readonly declareSize: DeclareSize;
  /** What to declare first, if the device cannot change everything at once; otherwise `after`. */
  readonly firstStep: (before: DeclaredState, after: DeclaredState) => DeclaredState;
  /** What the device's messages call an exposure. */
  readonly nameOf: (where: ExposurePlace) => string;
  /** Full path of the virtual server of an exposure. */
  readonly pathOf: (partition: string, where: ExposurePlace) => string;
  /** Size of the declaration of a partition. */
  readonly bytesOf: (state: DeclaredState) => number;
  /** The request that declares these partitions, to be shown. */
  readonly bodyOf: (
    states: ReadonlyMap<string, DeclaredState>,
    config: Pick<DeviceConfig, 'save'>,
  ) => object;
}
