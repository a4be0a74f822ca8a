import { expect, test } from '@jest/globals';
import { parseSoakArguments, USAGE } from '../../soak/arguments.ts';

const parse = (...argv: readonly string[]) => parseSoakArguments(argv, 77);

test('a length is enough: any seed, SQLite, a new folder', () => {
  expect(parse('30m')).toEqual({ seconds: 1_800, seed: 77, queue: 'sqlite', out: undefined });
});

test('seed, queue and folder can be named', () => {
  expect(parse('2h', '--seed', '5', '--queue', 'postgres', '--out', 'there')).toEqual({
    seconds: 7_200,
    seed: 5,
    queue: 'postgres',
    out: 'there',
  });
});

test('a run can be drawn again', () => {
  expect(parse('--report', 'there')).toEqual({ report: 'there' });
});

test.each([
  [[], 'say for how long, from 10s to 7 days, such as 30m'],
  [['9s'], 'say for how long, from 10s to 7 days, such as 30m'],
  [['8d'], 'say for how long, from 10s to 7 days, such as 30m'],
  [['30m', '30m'], 'say for how long, from 10s to 7 days, such as 30m'],
  [['30m', '--seed', 'x'], '--seed x: give a number of up to 9 digits'],
  [['30m', '--queue', 'sqs'], '--queue sqs: it is sqlite or postgres'],
  [['30m', '--report', 'there'], '--report draws a run that ended, so it takes no other argument'],
])('%j is refused with a reason and the usage', (argv, why) => {
  expect(parse(...argv)).toEqual({ refused: `${why}. ${USAGE}` });
});
