import { createObject, newNode, remove, removeNode, removePartition } from '../ltm/draft.ts';
import type { Draft } from '../ltm/draft.ts';
import { partitionOf } from '../ltm/model.ts';
import type { LtmConfig } from '../ltm/model.ts';
import { isSameRecord } from './same.ts';
import { poolCommands } from './script-pool.ts';
import type { PoolCommands } from './script-pool.ts';
import type { Desired } from './render.ts';

/** One line of the tmsh script that AS3 would run. */
export interface Command {
  readonly text: string;
  run(draft: Draft): void;
}

/** The commands with which AS3 changes a partition. */
export interface Script {
  /** Run one by one, each final: a later error is reverted by `undo`, not by the transaction. */
  readonly before: readonly Command[];
  readonly transaction: readonly Command[];
  readonly undo: readonly Command[];
  /** Detected differences, including those that an AS3 bug omits from the script. */
  readonly differences: number;
  /** Lines of the whole script, as AS3 counts them. */
  readonly lines: number;
}

/** The script that turns the current device into the desired one. */
export function scriptFor(current: LtmConfig, desired: Desired, defects: boolean): Script {
  const pools = poolCommands(current, desired, defects);
  const transaction = [
    ...folderCommands(current, desired),
    ...sharedNodeCommands(current, desired),
    ...replaced('monitors', 'ltm monitor', current, desired),
    ...replaced('snatPools', 'ltm snatpool', current, desired),
    ...replaced('virtualAddresses', 'ltm virtual-address', current, desired),
    ...pools.transaction,
    ...replaced('virtuals', 'ltm virtual', current, desired),
    ...nodeCommands(current, desired, pools),
    ...partitionCommands(current, desired),
  ];
  return {
    before: pools.before,
    transaction,
    undo: pools.undo,
    differences: pools.differences + transaction.length + pools.before.length,
    lines:
      FRAME_LINES +
      [pools.before, transaction, pools.undo].reduce((sum, { length }) => sum + length, 0) +
      impliedLines(current, desired),
  };
}

/** What a script has around its commands, the date in the partition's description included. */
const FRAME_LINES = 16;

/** Lines of commands that are part of another one here. */
function impliedLines(current: LtmConfig, { partition, folders, nodes }: Desired): number {
  const isNew = !current.partitions.has(partition) && folders.size > 0;
  const isGone = current.partitions.has(partition) && folders.size === 0;
  const newFolders = [...folders].filter((folder) => !current.folders.has(folder)).length;
  const ownFolders = [...current.folders].filter((folder) => partitionOf(folder) === partition);
  const newNodes = [...nodes.keys()].filter(
    (path) => partitionOf(path) === partition && !current.nodes.has(path),
  ).length;
  // The rollback removes a new partition and new folders.
  return newNodes + newFolders + (isNew ? 1 : 0) + (isGone ? ownFolders.length : 0);
}

/** The text of all commands in order. Their number decides how long a declare takes. */
export function linesOf({ before, transaction }: Script): readonly string[] {
  return [...before, ...transaction].map(({ text }) => text);
}

type Replaceable = 'monitors' | 'snatPools' | 'virtualAddresses' | 'virtuals';

/** A changed attribute is a deletion and creation in one transaction. */
function replaced(
  kind: Replaceable,
  word: string,
  current: LtmConfig,
  desired: Desired,
): readonly Command[] {
  const commands: Command[] = [];
  const kept = new Set(
    [...desired[kind]]
      .filter(([path, wanted]) => {
        const present = current[kind].get(path);
        return present !== undefined && isSameRecord(kind, present, wanted);
      })
      .map(([path]) => path),
  );
  for (const { path } of current[kind].values()) {
    if (partitionOf(path) !== desired.partition || kept.has(path)) continue;
    commands.push({ text: `delete ${word} ${path}`, run: (draft) => remove(draft, kind, path) });
  }
  for (const [path, wanted] of desired[kind]) {
    if (kept.has(path)) continue;
    commands.push({
      text: `create ${word} ${path}`,
      run: (draft) => createObject(draft, kind, wanted as never),
    });
  }
  return commands;
}

function folderCommands(current: LtmConfig, desired: Desired): readonly Command[] {
  const commands: Command[] = [];
  if (desired.folders.size > 0 && !current.partitions.has(desired.partition)) {
    commands.push({
      text: `create auth partition ${desired.partition}`,
      run: (draft) => void draft.partitions.add(desired.partition).size,
    });
  }
  for (const folder of desired.folders) {
    if (!current.folders.has(folder))
      commands.push({
        text: `create sys folder ${folder}/`,
        run: (draft) => void draft.folders.add(folder).size,
      });
  }
  for (const folder of current.folders) {
    if (
      partitionOf(folder) === desired.partition &&
      !desired.folders.has(folder) &&
      desired.folders.size > 0
    ) {
      commands.push({
        text: `delete sys folder ${folder}/`,
        run: (draft) => void draft.folders.delete(folder),
      });
    }
  }
  return commands;
}

/** A tenant without applications loses its partition, even with constants. */
function partitionCommands(current: LtmConfig, desired: Desired): readonly Command[] {
  if (desired.folders.size > 0 || !current.partitions.has(desired.partition)) return [];
  return [
    {
      text: `delete auth partition ${desired.partition}`,
      run: (draft) => removePartition(draft, desired.partition),
    },
  ];
}

/** Nodes that the tenant's pools use now. */
function usedBy(config: LtmConfig, tenant: string): ReadonlySet<string> {
  return new Set(
    [...config.pools.values()]
      .filter((pool) => partitionOf(pool.path) === tenant)
      .flatMap((pool) => pool.members.map((member) => member.node)),
  );
}

function references(count: number): readonly { name: string; value: string; persist: boolean }[] {
  return [{ name: 'references', value: String(count), persist: true }];
}

/** Shared nodes are in /Common and count the tenants that use them. */
function sharedNodeCommands(current: LtmConfig, desired: Desired): readonly Command[] {
  const commands: Command[] = [];
  const used = usedBy(current, desired.partition);
  for (const { path, address } of desired.nodes.values()) {
    if (partitionOf(path) !== 'Common') continue;
    const existing = current.nodes.get(path);
    if (existing === undefined) {
      commands.push({
        text: `create ltm node ${path} metadata references 1`,
        run: (draft) => createObject(draft, 'nodes', newNode(path, address, references(1))),
      });
    } else if (isShared(current, path) && !used.has(path)) {
      commands.push(countNode(path, 1));
    }
  }
  return commands;
}

function isShared(config: LtmConfig, path: string): boolean {
  return config.nodes.get(path)?.metadata.some((entry) => entry.name === 'references') ?? false;
}

function countNode(path: string, step: number): Command {
  return {
    text: `modify ltm node ${path} metadata references ${step > 0 ? '+' : ''}${step}`,
    run: (draft): void => {
      const node = draft.nodes.get(path);
      if (node === undefined) return;
      const count =
        Number(node.metadata.find((entry) => entry.name === 'references')?.value ?? 0) + step;
      if (count > 0) draft.nodes.set(path, { ...node, metadata: references(count) });
      else removeNode(draft, path);
    },
  };
}

/** The only value of a node, beside its metadata, that AS3 compares. */
function resetMonitor(path: string): Command {
  return {
    text: `modify ltm node ${path} monitor default`,
    run: (draft): void => {
      const node = draft.nodes.get(path);
      if (node !== undefined)
        draft.nodes.set(path, { ...node, plain: { ...node.plain, monitor: 'default' } });
    },
  };
}

function nodeCommands(
  current: LtmConfig,
  desired: Desired,
  pools: PoolCommands,
): readonly Command[] {
  const commands: Command[] = [];
  const mine = [...current.nodes.values()].filter(
    (node) => partitionOf(node.path) === desired.partition && !desired.nodes.has(node.path),
  );
  for (const { path } of mine) {
    if (!pools.nodesRemovedBefore.has(path))
      commands.push({ text: `delete ltm node ${path}`, run: (draft) => removeNode(draft, path) });
  }
  for (const { path } of desired.nodes.values()) {
    const node = current.nodes.get(path);
    if (node === undefined || partitionOf(path) !== desired.partition) continue;
    if (node.plain['monitor'] !== 'default') commands.push(resetMonitor(path));
  }
  const used = usedBy(current, desired.partition);
  for (const { path } of current.nodes.values()) {
    if (!isShared(current, path) || desired.nodes.has(path)) continue;
    if (used.has(path)) commands.push(countNode(path, -1));
  }
  return commands;
}
