/** The verdicts on a Gateway as `map` last reached them, for readers without access to its cluster. */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { OwnerVerdicts, ServerVerdict } from '../../failures/verdicts.ts';
import type { OperationContext } from '../context.ts';
import { remedyOf } from './why.ts';
import type { WhyAnswer } from './why.ts';

/** What the newest snapshots say about a Gateway. */
export interface StoredAnswers {
  readonly answers: readonly WhyAnswer[];
  /** RFC 3339: the oldest of the verdicts; absent if no snapshot names the Gateway. */
  readonly at?: string;
}

/** `gateway`: `namespace/name`. */
export async function storedAnswers(
  { verdicts }: Pick<OperationContext, 'verdicts'>,
  { cluster, gateway }: { readonly cluster: string; readonly gateway: string },
): Promise<StoredAnswers> {
  const own = (await verdicts.all()).filter(
    ({ owner, servers }) =>
      parseOwner(owner).cluster === cluster && servers.some((one) => one.gateway === gateway),
  );
  const at = own.map((one) => one.at).toSorted()[0];
  return { answers: answersIn(own, gateway), ...(at === undefined ? {} : { at }) };
}

/** One answer for each server; of several ingresses, the one that offers it counts. */
function answersIn(all: readonly OwnerVerdicts[], gateway: string): readonly WhyAnswer[] {
  const servers = all.flatMap((one) => one.servers.filter((server) => server.gateway === gateway));
  const byServer = Map.groupBy(servers, ({ api, server }) => `${api} ${server}`);
  return [...byServer.values()]
    .map((list) => answerOf(list.find(({ exposures }) => exposures.length > 0) ?? list[0]!))
    .toSorted((a, b) => a.server.server - b.server.server);
}

function answerOf({ exposures, ...server }: ServerVerdict): WhyAnswer {
  return { server, exposures, remedy: remedyOf(server) };
}
