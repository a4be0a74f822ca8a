import {
  addMember,
  changeMember,
  createObject,
  poolsUsing,
  removeMember,
  removeNode,
  remove,
} from '../ltm/draft.ts';
import type { Draft } from '../ltm/draft.ts';
import { partitionOf } from '../ltm/model.ts';
import type { LtmConfig, Member, Pool } from '../ltm/model.ts';
import { McpError } from '../ltm/error.ts';
import type { Command } from './script.ts';
import { memberDifference, samePool } from './same.ts';
import type { MemberDifference } from './same.ts';
import type { Desired } from './render.ts';

/** Commands about pools, by when AS3 runs them. Some are final before the transaction begins. */
export interface PoolCommands {
  readonly before: readonly Command[];
  readonly transaction: readonly Command[];
  readonly undo: readonly Command[];
  readonly nodesRemovedBefore: ReadonlySet<string>;
  readonly differences: number;
}

interface Change {
  readonly current: Pool;
  readonly wanted: Pool;
  readonly added: readonly Member[];
  readonly removed: readonly Member[];
  readonly edited: readonly {
    readonly from: Member;
    readonly to: Member;
    readonly difference: MemberDifference;
  }[];
}

/** `defects`: with the bugs of AS3 that make it leave out or split changes of members. */
export function poolCommands(current: LtmConfig, desired: Desired, defects: boolean): PoolCommands {
  const mine = [...current.pools.values()].filter(
    (pool) => partitionOf(pool.path) === desired.partition,
  );
  const changes = mine.flatMap((pool) => {
    const wanted = desired.pools.get(pool.path);
    return wanted === undefined ? [] : [changeOf(pool, wanted)];
  });
  const gone = mine.filter((pool) => !desired.pools.has(pool.path));
  const fresh = [...desired.pools.values()].filter((pool) => !current.pools.has(pool.path));
  const skip = defects ? additionsSkipped(changes) : (): boolean => false;
  const nodesRemovedBefore = orphans(current, desired, changes);
  return {
    before: changes.flatMap((change) => beforeCommands(change, nodesRemovedBefore)),
    transaction: [
      ...gone.map(deletePool),
      ...fresh.map(createPool),
      ...changes.flatMap((change) => changeCommands(change, { skip: skip(change), defects })),
    ],
    undo: changes.flatMap((change) =>
      leaving(change).map((member) => readd(change.current.path, member)),
    ),
    nodesRemovedBefore,
    differences: changes.reduce(
      (sum, change) => sum + change.added.length + change.edited.length,
      0,
    ),
  };
}

function changeOf(current: Pool, wanted: Pool): Change {
  const before = new Map(current.members.map((member) => [member.path, member]));
  const after = new Map(wanted.members.map((member) => [member.path, member]));
  const edited = [...after.values()].flatMap((to) => {
    const from = before.get(to.path);
    const difference = from === undefined ? undefined : memberDifference(from, to);
    const differs =
      difference !== undefined &&
      (difference.attributes || difference.metadataValue || difference.remark !== 'same');
    return from !== undefined && differs ? [{ from, to, difference }] : [];
  });
  return {
    current,
    wanted,
    added: [...after.values()].filter((member) => !before.has(member.path)),
    removed: [...before.values()].filter((member) => !after.has(member.path)),
    edited,
  };
}

/**
 * AS3 3.56: an edited member anywhere in the tenant makes it skip additions and still report
 * success (as3.md §9.3, 1 and 3).
 */
function additionsSkipped(changes: readonly Change[]): (change: Change) => boolean {
  const attributes = changes.filter((change) =>
    change.edited.some((edit) => edit.difference.attributes),
  );
  const remark = changes.some((change) =>
    change.edited.some((edit) => edit.difference.remark !== 'same' && !edit.difference.attributes),
  );
  return (change) =>
    (remark && !attributes.includes(change)) ||
    attributes.some((other) => other !== change && !attributes.includes(change));
}

/** Members whose entry disappears temporarily: removed ones, and edited ones, which return. */
function leaving(change: Change): readonly Member[] {
  return [
    ...change.removed,
    ...change.edited.filter((edit) => edit.difference.attributes).map((edit) => edit.from),
  ];
}

function orphans(
  current: LtmConfig,
  desired: Desired,
  changes: readonly Change[],
): ReadonlySet<string> {
  const nodes = new Set(changes.flatMap((change) => change.removed).map((member) => member.node));
  const removedFrom = (node: string): ReadonlySet<string> =>
    new Set(
      changes.filter((c) => c.removed.some((m) => m.node === node)).map((c) => c.current.path),
    );
  return new Set(
    [...nodes].filter((node) => {
      if (partitionOf(node) !== desired.partition || desired.nodes.has(node)) return false;
      const pools = removedFrom(node);
      return poolsUsing(current, node).every((pool) => pools.has(pool));
    }),
  );
}

function beforeCommands(
  change: Change,
  nodesRemovedBefore: ReadonlySet<string>,
): readonly Command[] {
  const pool = change.current.path;
  return leaving(change).flatMap((member) => {
    const out: Command = {
      text: `modify ltm pool ${pool} members delete { ${member.path} }`,
      run: (draft) => removeMember(draft, pool, member.path),
    };
    if (!nodesRemovedBefore.has(member.node) || !change.removed.includes(member)) return [out];
    const node: Command = {
      text: `delete ltm node ${member.node}`,
      run: (draft): void => {
        if (draft.nodes.has(member.node) && poolsUsing(draft, member.node).length === 0)
          removeNode(draft, member.node);
      },
    };
    return [out, node];
  });
}

function readd(pool: string, member: Member): Command {
  return {
    text: `modify ltm pool ${pool} members add { ${member.path} }`,
    run: (draft): void => {
      if (draft.pools.get(pool)?.members.some((m) => m.path === member.path) === false)
        addMember(draft, pool, member);
    },
  };
}

function deletePool(pool: Pool): Command {
  return {
    text: `delete ltm pool ${pool.path}`,
    run: (draft) => remove(draft, 'pools', pool.path),
  };
}

function createPool(pool: Pool): Command {
  return {
    text:
      `create ltm pool ${pool.path} { members replace-all-with { ` +
      `${pool.members.map((member) => member.path).join(' ')} } }`,
    run: (draft): void => {
      checkMetadata(pool);
      createObject(draft, 'pools', { ...pool, members: [] });
      for (const member of pool.members) addMember(draft, pool.path, member);
    },
  };
}

/** AS3 sends these values without quotes, so tmsh interprets a second word as an option. */
function checkMetadata(pool: Pool): void {
  const bad = pool.metadata.find((entry) => /\s/.test(entry.value));
  if (bad !== undefined)
    throw new McpError(
      422,
      '01070734:3',
      `Configuration error: "${bad.value.split(/\s+/)[1]}" unexpected argument (metadata ${bad.name} of ${pool.path})`,
    );
}

function changeCommands(
  change: Change,
  options: { readonly skip: boolean; readonly defects: boolean },
): readonly Command[] {
  const { current, wanted } = change;
  const commands: Command[] = [];
  if (!samePool(current, wanted)) commands.push(modifyPool(wanted));
  const reAdded = change.edited.filter((edit) => edit.difference.attributes);
  if (reAdded.length > 0) commands.push(replaceMembers(wanted));
  else if (change.added.length > 0 && !options.skip)
    commands.push(...change.added.map((member) => addCommand(wanted.path, member)));
  for (const edit of change.edited)
    commands.push(...remarkCommands(wanted.path, edit, options.defects));
  return commands;
}

function modifyPool(wanted: Pool): Command {
  return {
    text: `delete ltm pool ${wanted.path}; create ltm pool ${wanted.path}`,
    run: (draft): void => {
      checkMetadata(wanted);
      const members = draft.pools.get(wanted.path)?.members ?? [];
      draft.pools.set(wanted.path, { ...wanted, members });
    },
  };
}

function addCommand(pool: string, member: Member): Command {
  return {
    text: `modify ltm pool ${pool} members add { ${member.path} }`,
    run: (draft) => addMember(draft, pool, member),
  };
}

/**
 * Unchanged members keep their connections; members added by another client in the meantime are
 * lost.
 */
function replaceMembers(wanted: Pool): Command {
  return {
    text:
      `modify ltm pool ${wanted.path} members replace-all-with { ` +
      `${wanted.members.map((member) => member.path).join(' ')} }`,
    run: (draft): void => {
      const names = new Set(wanted.members.map((member) => member.path));
      for (const member of present(draft, wanted.path))
        if (!names.has(member.path)) removeMember(draft, wanted.path, member.path);
      const left = new Set(present(draft, wanted.path).map((member) => member.path));
      for (const member of wanted.members)
        if (!left.has(member.path)) addMember(draft, wanted.path, member);
    },
  };
}

function present(draft: Draft, pool: string): readonly Member[] {
  return draft.pools.get(pool)?.members ?? [];
}

function remarkCommands(
  pool: string,
  edit: Change['edited'][number],
  defects: boolean,
): readonly Command[] {
  const { to, difference } = edit;
  const commands: Command[] = [];
  if (difference.metadataValue) commands.push(metadataCommand(pool, to, defects));
  if (difference.remark === 'same' && !difference.monitor) return commands;
  const stuck =
    defects && (difference.monitor || (difference.attributes && difference.remark !== 'added'));
  // The script deletes the member first and then changes the missing member, on every repeat.
  if (stuck)
    return [
      {
        text: `modify ltm pool ${pool} members modify { ${to.path} }`,
        run: () => refuseMissing(pool, to),
      },
    ];
  if (difference.attributes) return commands;
  const text = defects && difference.remark === 'edited' ? undefined : to.description;
  commands.push({
    text: `modify ltm pool ${pool} members modify { ${to.path} { description ${text ?? 'none'} } }`,
    run: (draft) =>
      changeMember(draft, pool, to.path, ({ description: _old, ...member }) =>
        text === undefined ? member : { ...member, description: text },
      ),
  });
  return commands;
}

function refuseMissing(pool: string, member: Member): never {
  throw new McpError(
    422,
    '01020036:3',
    `The requested Pool Member (${pool} ${member.node} ${member.port}) was not found.`,
  );
}

function metadataCommand(pool: string, to: Member, defects: boolean): Command {
  return {
    text: `modify ltm pool ${pool} members modify { ${to.path} { metadata delete { value } } }`,
    run: (draft): void => {
      if (!defects)
        changeMember(draft, pool, to.path, (member) => ({ ...member, metadata: to.metadata }));
    },
  };
}
