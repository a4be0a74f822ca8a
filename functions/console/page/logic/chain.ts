/** Texts of the way from a Gateway to its members. Pure. */
import type { SearchChain } from '../api/answers.ts';

type Link = SearchChain['links'][number];

/** The names of the links. */
export const LINK_NAMES: Readonly<Record<Link['name'], string>> = {
  gateway: 'Gateway',
  envoy: 'Envoy',
  service: 'Service port',
  exposure: 'Exposure',
  bigip: 'BIG-IP',
  members: 'Members up',
};

/** What the state of a link is called. */
export const LINK_STATES: Readonly<Record<Link['state'], string>> = {
  ok: 'fine',
  broken: 'broken',
  unknown: 'not known',
  after: 'not reached',
};

/** The link that is opened first: the broken one, else the first that is not known, else the last. */
export function openedLink({ links, broken }: Pick<SearchChain, 'links' | 'broken'>): Link['name'] {
  const unknown = links.find(({ state }) => state === 'unknown');
  return broken ?? unknown?.name ?? links.at(-1)?.name ?? 'members';
}

/** One sentence that answers whether the port is there. */
export function chainSentence({ port, protocol, links, broken }: SearchChain): string {
  const what = `Port ${port} (${protocol})`;
  if (broken !== undefined) return `${what} is not there: the way breaks at ${LINK_NAMES[broken]}.`;
  return links.every(({ state }) => state === 'ok')
    ? `${what} is there: every link is fine.`
    : `${what}: no link is known to be broken, but not all are known.`;
}
