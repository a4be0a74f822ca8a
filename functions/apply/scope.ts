/** What the parts of one call of apply share. */
import type { Devices } from '../../shared/device/device.ts';
import type { RepairMemory } from '../../shared/failures/repairs.ts';
import type { ViewKeeper } from '../../shared/failures/view-keeper.ts';
import type { FunctionContext } from '../../shared/queue/handler.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Attempts } from './attempts.ts';
import type { FenceKeeper } from './fences.ts';
import type { HeardKeeper } from './heard.ts';
import type { Preparation } from './prepare.ts';
import type { ResultRecorder } from './record-results.ts';
import type { createPaces } from './pace.ts';
import type { Sizes } from './sizes.ts';
import type { ToldDrained } from './told-drained.ts';
import type { WaitingChanges } from './waiting.ts';

/** Dependencies of all parts of an invocation. */
export interface Scope {
  readonly runtime: Runtime;
  readonly devices: Devices;
  /** Failed tries of messages that are in the queue. */
  readonly attempts: Attempts;
  /** How fast each partition takes declares, as measured so far. */
  readonly paces: ReturnType<typeof createPaces>;
  /** Keeps results for `sluice trace` and `sluice status`. */
  readonly recorder: ResultRecorder;
  /** When clusters were last heard. */
  readonly heard: HeardKeeper;
  /** Newer versions without changes, which wait for the next declare. */
  readonly fences: FenceKeeper;
  /** Members of which it was told that their removal may follow. */
  readonly drained: ToldDrained;
  /** Warns of partitions above the recommended limits. */
  readonly sizes: Sizes;
  /** Changes for devices that do not answer. */
  readonly waiting: WaitingChanges;
  /** What was last seen of the devices, for readers without access to them. */
  readonly views: ViewKeeper;
  readonly preparation: Pick<Preparation, 'idle' | 'create'>;
  readonly repairs: () => Promise<RepairMemory>;
  /**
   * By device: for which code it was noted last that members wait; undefined: that paths can be
   * written.
   */
  readonly noted: Map<string, string | undefined>;
  /** Of this call: the time that is left, and the lease of the messages. */
  readonly context: FunctionContext;
}
