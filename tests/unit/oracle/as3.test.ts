import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { compare } from '../../oracle/as3/compare.ts';
import { placeOf } from '../../oracle/as3/engine.ts';
import { isAsKnown, judge } from '../../oracle/judge.ts';
import type { Known } from '../../oracle/judge.ts';
import { KNOWN } from '../../oracle/as3/known.ts';
import { answerOf, flat } from '../../oracle/as3/reading.ts';
import { knownTable, report } from '../../oracle/report.ts';

const known: Known = { what: 'ICMP', why: 'not used', shows: /^monitor\/icmp: there/ };

describe('the comparison with F5’s AS3', () => {
  test('looks at the code and the words of each tenant, and at nothing that every run has anew', () => {
    const results = [
      {
        tenant: 'k8s',
        code: 200,
        message: 'success',
        runTime: 812,
        host: 'localhost',
        lineCount: 9,
      },
      { tenant: 'other', code: 422, message: 'declaration failed', response: '01020036:3: none' },
    ];
    expect(
      answerOf({ status: 207, body: { results, declaration: { class: 'ADC' }, id: 'x' } }),
    ).toEqual({
      status: '207',
      'results[k8s].tenant': '"k8s"',
      'results[k8s].code': '200',
      'results[k8s].message': '"success"',
      'results[k8s].lineCount': '9',
      'results[other].tenant': '"other"',
      'results[other].code': '422',
      'results[other].message': '"declaration failed"',
      'results[other].response': '"01020036:3: none"',
    });
    const words = (id: number): string => `response=500 body={"restOperationId":${id},"kind":"x"}`;
    expect(answerOf({ status: 500, body: { message: words(1) } })).toEqual(
      answerOf({ status: 500, body: { message: words(2) } }),
    );
    expect(answerOf({ status: 404, body: undefined })).toEqual({ status: '404' });
  });

  test('takes members by their names, so that their order is no difference', () => {
    const pool = (...names: readonly string[]): object => ({
      generation: Math.random(),
      membersReference: { items: names.map((name) => ({ name, ratio: 1 })), link: `${names[0]}` },
      monitors: ['a', 'b'],
    });
    expect(flat(pool('one', 'two'))).toEqual(flat(pool('two', 'one')));
    expect(flat(pool('one'))).toEqual({
      'membersReference.items[one].name': '"one"',
      'membersReference.items[one].ratio': '1',
      monitors: '["a","b"]',
    });
  });

  test('finds objects and properties that only one device has, and other values', () => {
    const engine = {
      answer: { status: '200' },
      'node /k8s/10.0.0.1': { session: '"up"', ratio: '1' },
    };
    const lab = {
      answer: { status: '200' },
      'node /k8s/10.0.0.1': { session: '"down"', logging: '"no"' },
      'pool /k8s/p': {},
    };
    expect(compare('case #1', engine, lab)).toEqual([
      { what: 'node.session: "up", lab "down"', where: 'case #1 /k8s/10.0.0.1' },
      { what: 'node.ratio: 1, lab absent', where: 'case #1 /k8s/10.0.0.1' },
      { what: 'node.logging: absent, lab "no"', where: 'case #1 /k8s/10.0.0.1' },
      { what: 'pool: absent, lab there', where: 'case #1 /k8s/p' },
    ]);
    expect(compare('case #1', lab, lab)).toEqual([]);
  });

  test('accepts what is known, and neither another difference nor one that is gone', () => {
    const found = [
      { what: 'monitor/icmp: there, lab absent', where: 'a #1' },
      { what: 'monitor/icmp: there, lab absent', where: 'b #1' },
    ];
    expect(isAsKnown(judge(found, [known]))).toBe(true);
    const other = judge([...found, { what: 'pool: there, lab absent', where: 'c #2' }], [known]);
    expect(other.unknown).toEqual([{ what: 'pool: there, lab absent', where: ['c #2'] }]);
    expect(isAsKnown(other)).toBe(false);
    const within = judge(found, [{ ...known, within: /^a / }]);
    expect(within.unknown).toEqual([{ what: 'monitor/icmp: there, lab absent', where: ['b #1'] }]);
    const gone = judge([], [known]);
    expect(gone.gone).toEqual([known]);
    expect(isAsKnown(gone)).toBe(false);
  });

  test('reports the counts and each difference with some of its places', () => {
    const found = ['a', 'b', 'c', 'd', 'e'].map((where) => ({
      what: 'pool: there, lab absent',
      where,
    }));
    const text = report(
      'AS3',
      { sequences: { compared: 52, different: 5 } },
      judge(found, [known]),
    );
    expect(text).toContain('52 sequences compared, 5 differ');
    expect(text).toContain('    pool: there, lab absent\n        in a; b; c; and 2 more');
    expect(text).toContain('1 known differences that are gone:\n    ICMP');
  });

  test.each([
    [{}, [], 'AS3_ROOT is not set'],
    [{ AS3_ROOT: '/as3' }, [], 'AS3_ROOT (/as3) is not the source of AS3'],
    [
      { AS3_ROOT: '/as3', AS3_ORACLE: '/oracle' },
      ['/as3/src/nodejs/restWorker.js'],
      'AS3_ORACLE (/oracle) has no as3-server.mjs',
    ],
  ])('is skipped where the parts are not there: %j', (env, files: readonly string[], absent) => {
    expect(placeOf(env, (path) => files.includes(path))).toEqual({ absent });
  });
});

test('docs/oracles.md has the known differences from F5’s AS3', async () => {
  const page = await readFile(new URL('../../../docs/oracles.md', import.meta.url), 'utf8');
  expect(page).toContain(`\n${knownTable(KNOWN)}\n`);
});
