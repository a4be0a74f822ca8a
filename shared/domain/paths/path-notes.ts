/** What is told about the paths of an ingress: one note for each reason. */
import type { MissingPath, PodMember } from './attempt.ts';
import { firstNamed } from '../text/counts.ts';
import type { CniSource, PathOptions } from './network-config.ts';
import type { Path } from './path.ts';

/** A note about a node, as in `exposure.ts`. */
export interface PathNote {
  /** The node, or the ingress Service for what concerns no single node. */
  readonly object: string;
  /** GW180 to GW187. */
  readonly code: string;
  /** Names a few of the members, the reason, and the remedy. */
  readonly message: string;
}

/** What was found for one member. A remark is a lack that another source made up for. */
export interface Finding {
  /** The pod for which a path was looked for. */
  readonly member: PodMember;
  /** By the first source that has one. */
  readonly path?: Path;
  /** Why there is none by any source. */
  readonly lack?: MissingPath;
  /** The code of the remark that its pod gets a route of its own. */
  readonly alone?: 'GW183' | 'GW185';
  /** What other sources lacked. */
  readonly remarks: readonly MissingPath[];
}

/** One note for each node and reason. */
function lackNotes(findings: readonly Finding[]): readonly PathNote[] {
  const told = findings.flatMap(({ member, lack, path, remarks }) => [
    ...(lack === undefined ? [] : [{ member, lack, effect: 'no path to' }]),
    ...remarks.map((remark) => ({
      member,
      lack: remark,
      effect: path === undefined ? 'no path to' : 'another source serves',
    })),
  ]);
  const alike = Map.groupBy(told, ({ member, lack, effect }) =>
    JSON.stringify([member.nodeName, lack, effect]),
  );
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { member, lack, effect } = first;
    const all = [...new Set(same.map((one) => one.member.address))].sort();
    return [
      {
        object: `Node ${member.nodeName}`,
        code: lack.code,
        message: `${effect} ${firstNamed(all)}: ${lack.what}; ${lack.remedy}`,
      },
    ];
  });
}

/** Why pods get a route of their own, in one note for each reason. */
const ALONE = {
  GW183: 'has an address outside the networks of its node',
  GW185: 'is in no network that its node names',
} as const;

/** Notes about members with a route of their own (GW183, GW185), one for each reason. */
function aloneNotes(
  findings: readonly Finding[],
  about: string,
  from: PathOptions['from'],
): readonly PathNote[] {
  return (['GW183', 'GW185'] as const).flatMap((code) => {
    const members = findings
      .filter((one) => one.alone === code)
      .map(({ member }) => `${member.address} (node ${member.nodeName})`);
    if (members.length === 0) return [];
    const message =
      `network.from: ${from}: a route of its own for each of ` +
      `${firstNamed([...new Set(members)].sort())}, which ${ALONE[code]}`;
    return [{ object: about, code, message }];
  });
}

/** What the account must read. The components have these names after `network-`. */
const RESOURCES: Readonly<Record<CniSource, { readonly kinds: string; readonly name: string }>> = {
  calico: {
    kinds: 'BlockAffinities',
    name: 'blockaffinities of projectcalico.org and crd.projectcalico.org',
  },
  cilium: { kinds: 'CiliumNodes', name: 'ciliumnodes.cilium.io' },
};

/** One cause for all pods that get a route of their own, or records to the address of the Node. */
function unreadNotes(
  findings: readonly Finding[],
  about: string,
  source: CniSource,
): readonly PathNote[] {
  const isTunnelled = findings.some(({ path }) => path?.kind === 'vxlan');
  if (!isTunnelled && findings.every(({ alone }) => alone === undefined)) return [];
  const { kinds, name } = RESOURCES[source];
  const right = `let Sluice read ${name} (infra/kubernetes/components/network-${source})`;
  const message = isTunnelled
    ? `network.from: ${source}: ${kinds} were not read, so records lead to the InternalIP of each ` +
      `Node; ${right}, or make sure that ${source} uses the same address`
    : `network.from: ${source}: ${kinds} were not read, so pods get routes of their own; ` +
      `${right}, or use network.from: host`;
  return [{ object: about, code: 'GW187', message }];
}

/** `about` is the object of notes that concern no single node. Pods that end are not told. */
export function pathNotes(
  findings: readonly Finding[],
  {
    about,
    from,
    unread,
  }: {
    readonly about: string;
    readonly from: PathOptions['from'];
    readonly unread: CniSource | undefined;
  },
): readonly PathNote[] {
  const staying = findings.filter(({ member }) => !member.leaving);
  return [
    ...lackNotes(staying),
    ...(unread === undefined
      ? aloneNotes(staying, about, from)
      : unreadNotes(staying, about, unread)),
  ];
}
