/** Where in the console somebody is, as its URL says it. Pure. */

/** The rooms with the first word of their paths; Now has none. */
export const ROOMS = [
  'now',
  'failures',
  'replay',
  'ports',
  'plan',
  'search',
  'fleet',
  'audit',
] as const;
/** One of {@link ROOMS}. */
export type RoomName = (typeof ROOMS)[number];

/** A room, one thing or part of it, and what is selected there. */
export interface PagePlace {
  readonly room: RoomName | 'nowhere';
  /** Such as the id of a failure, or `drift`. */
  readonly part?: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Patterns of the paths under which the page is served. */
export const ROOM_PATHS: readonly string[] = [
  '/',
  ...ROOMS.filter((room) => room !== 'now').flatMap((room) => [`/${room}`, `/${room}/:part`]),
];

function isRoom(word: string): word is RoomName {
  return (ROOMS as readonly string[]).includes(word);
}

/** `search` begins with a question mark, or is empty. */
export function parsePlace(path: string, search: string): PagePlace {
  const query = Object.fromEntries(new URLSearchParams(search));
  const words = path.split('/').filter((word) => word !== '');
  const [first = 'now', part] = words;
  if (!isRoom(first) || words.length > 2 || (first === 'now' && words.length > 0))
    return { room: 'nowhere', query };
  return { room: first, ...(part !== undefined && { part: decoded(part) }), query };
}

/** A `%` that encodes nothing stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is empty is left out of the query. */
export function hrefOf(
  room: RoomName,
  part?: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = room === 'now' ? '/' : `/${room}${part ? `/${encodeURIComponent(part)}` : ''}`;
  const words = Object.entries(query).flatMap(([key, value]) =>
    value ? [`${encodeURIComponent(key)}=${queryText(value)}`] : [],
  );
  return words.length === 0 ? path : `${path}?${words.join('&')}`;
}

/** Colons, commas and slashes stay readable: they are the text of filters. */
function queryText(value: string): string {
  return encodeURIComponent(value)
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+');
}

/** The same place with other words in its query; undefined removes a word. */
export function withQuery(
  { room, part, query }: PagePlace,
  changed: Readonly<Record<string, string | undefined>>,
): string {
  return hrefOf(room === 'nowhere' ? 'now' : room, part, { ...query, ...changed });
}

/** Characters of a place that the provider hands back; a longer one loses its query. */
const LONGEST = 1_500;

/** The address of the login that leads back to `here`. */
export function loginTo(here: string): string {
  const to = here.length > LONGEST ? here.split('?')[0]! : here;
  return `/login?to=${encodeURIComponent(to)}`;
}

/** The same; undefined if the refusal names no login, because only tokens are accepted. */
export function loginOf(refusal: string, here: string): string | undefined {
  return refusal.includes('/login') ? loginTo(here) : undefined;
}
