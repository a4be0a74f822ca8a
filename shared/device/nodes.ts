/** What express reads and writes on a device, without the rest of the port. */
import type { DeclaredState } from '../domain/declared/declared.ts';
import type { LiveNode, NodeWrite } from '../domain/express/node.ts';

/**
 * The port of express to one device: reads declarations and writes nodes, nothing else. All methods
 * reject with a DeviceError.
 */
export interface NodeAccess {
  /**
   * Reading needs no lock, so it works during a declare. A foreign partition has an empty declared
   * state.
   */
  declared(partition: string): Promise<DeclaredState>;
  /** The nodes of the partition itself. */
  nodes(partition: string): Promise<readonly LiveNode[]>;
  /** `gone`: the node does not exist any more, which is no failure. */
  write(partition: string, write: NodeWrite): Promise<'written' | 'gone'>;
  /** Returns nodes to the declared state. */
  reconcile(partition: string, state: DeclaredState): Promise<readonly string[]>;
  close(): Promise<void>;
}
