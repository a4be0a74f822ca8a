/** Every place of the console has an address, and the address leads back to it. */
import { describe, expect, test } from '@jest/globals';
import {
  hrefOf,
  parsePlace,
  ROOM_PATHS,
  withQuery,
  loginOf,
} from '../../../../functions/console/page/logic/place.ts';

const parse = (href: string) => {
  const { pathname, search } = new URL(href, 'http://localhost');
  return parsePlace(pathname, search);
};

describe('an address', () => {
  test.each([
    ['now', undefined, {}, '/'],
    [
      'failures',
      undefined,
      { filter: 'code:BIP421 device:a,b' },
      '/failures?filter=code:BIP421+device:a,b',
    ],
    ['failures', '62b067b7', {}, '/failures/62b067b7'],
    ['ports', 'east/team/web', {}, '/ports/east%2Fteam%2Fweb'],
    ['search', undefined, { q: '172.16.100.195:443' }, '/search?q=172.16.100.195:443'],
    ['fleet', 'drift', {}, '/fleet/drift'],
  ] as const)('of %s %s is parsed to what it was made of', (room, part, query, href) => {
    expect(hrefOf(room, part, query)).toBe(href);
    expect(parse(href)).toEqual({ room, ...(part !== undefined && { part }), query });
  });

  test.each(['a+b c', 'x&y=z', '#hash', '100%', '"\u202Eabc', '/slash/?'])(
    'keeps a text such as %j',
    (text) => {
      expect(parse(hrefOf('search', text, { q: text }))).toEqual({
        room: 'search',
        part: text,
        query: { q: text },
      });
    },
  );

  test.each(['/nowhere', '/failures/a/b', '/now', '/now/x'])('%s leads nowhere', (href) => {
    expect(parse(href).room).toBe('nowhere');
  });

  test('with a broken escape is read as it stands', () => {
    expect(parsePlace('/failures/100%', '')).toMatchObject({ part: '100%' });
  });

  test('keeps its other words when one is set or removed', () => {
    const place = parse('/failures?filter=code:A&view=list');
    expect(withQuery(place, { do: 'x' })).toBe('/failures?filter=code:A&view=list&do=x');
    expect(withQuery(place, { view: undefined })).toBe('/failures?filter=code:A');
    expect(withQuery(parse('/nowhere?a=b'), {})).toBe('/?a=b');
  });

  test('is served for every room', () => {
    expect(ROOM_PATHS).toEqual(
      expect.arrayContaining(['/', '/failures', '/failures/:part', '/audit']),
    );
  });
});

describe('a refused request', () => {
  test('leads to the login, and from there back', () => {
    expect(loginOf('You are not logged in. Log in at /login.', '/failures?filter=a b')).toBe(
      '/login?to=%2Ffailures%3Ffilter%3Da%20b',
    );
  });

  test('leads nowhere if there is no login', () => {
    expect(loginOf('Send a token of console.tokens.', '/')).toBeUndefined();
  });

  test('leads back to the room if the address is too long', () => {
    expect(loginOf('/login', `/failures?filter=${'a'.repeat(2_000)}`)).toBe(
      '/login?to=%2Ffailures',
    );
  });
});
