/** What monitors say about declared members. */
import { exposureKey } from '../../domain/exposure/exposure.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { MemberHealth } from '../../device/device.ts';
import { devicePaths } from '../as3/names.ts';
import { itemsOf, Pool } from '../rest/answers.ts';
import type { Session } from '../rest/session.ts';
import { endpoint, lastPart } from './member-differences.ts';

/** One list call, whatever the number of members. Members that are not there are left out. */
export async function memberHealth(
  session: Session,
  partition: string,
  state: DeclaredState,
): Promise<readonly MemberHealth[]> {
  const path = `/mgmt/tm/ltm/pool?$filter=partition+eq+${partition}&expandSubcollections=true`;
  const pools = await session.read({ path, kind: 'list' }, itemsOf(Pool));
  const live = new Map(
    pools.map(({ fullPath, membersReference }) => [
      fullPath,
      new Map((membersReference?.items ?? []).map((one) => [lastPart(one.fullPath), one.state])),
    ]),
  );
  return Object.values(state.exposures).flatMap((exposure) => {
    const members = live.get(devicePaths(partition, exposure).pool);
    return exposure.contributions
      .flatMap((contribution) => contribution.members)
      .flatMap(({ address, port }): readonly MemberHealth[] => {
        const name = endpoint(address, port);
        if (members?.has(name) !== true) return [];
        return [
          { exposure: exposureKey(exposure), address, port, state: healthOf(members.get(name)) },
        ];
      });
  });
}

/** A member that was disabled is `user-down`, which says nothing about the pod. */
function healthOf(state: string | undefined): MemberHealth['state'] {
  return state === 'up' || state === 'down' ? state : 'unknown';
}
