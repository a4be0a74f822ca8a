import { describe, expect, test } from '@jest/globals';
import { parseBenchArguments } from '../../bench/arguments.ts';

const KNOWN = ['new-port', 'burst', 'rest'];
const parse = (...argv: string[]): ReturnType<typeof parseBenchArguments> =>
  parseBenchArguments(argv, KNOWN);

describe('the command line of the bench', () => {
  test('without arguments everything is measured at full scale', () => {
    expect(parse()).toEqual({
      only: [],
      quick: false,
      peers: [],
      save: undefined,
      profile: undefined,
      list: false,
    });
  });

  test('--only takes several names, separated or repeated, and each once', () => {
    expect(parse('--only', 'burst,rest', '--only', 'new-port,burst')).toMatchObject({
      only: ['burst', 'rest', 'new-port'],
    });
  });

  test('several peers, a file to save to and a folder for profiles', () => {
    expect(
      parse(
        '--quick',
        '--peer',
        'a.json',
        '--peer',
        'b.json',
        '--save',
        'c.json',
        '--profile',
        'd',
      ),
    ).toMatchObject({ quick: true, peers: ['a.json', 'b.json'], save: 'c.json', profile: 'd' });
  });

  test('an unknown name is refused with the names that there are', () => {
    expect(parse('--only', 'burst,brust')).toEqual({
      refused: '--only brust: there are new-port, burst, rest',
    });
  });

  test.each([[['--fast']], [['new-port']], [['--peer']]])(
    '%j is refused with the usage',
    (argv) => {
      expect(parse(...argv)).toEqual({
        refused: expect.stringContaining('npm run bench -- [--only NAME,NAME]'),
      });
    },
  );
});
