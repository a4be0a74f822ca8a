import { describe, expect, test } from '@jest/globals';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import { countFitting, orderChanges } from '../../../shared/domain/plan/steps.ts';

describe('the parts of a large plan', () => {
  test('members come first, then removals and what is cheap, so that pods wait for nothing', () => {
    const changes = [
      { kind: 'create', key: 'a', lines: 5 },
      { kind: 'update', key: 'b', lines: 1 },
      { kind: 'update', key: 'c', lines: 5 },
      { kind: 'delete', key: 'd', lines: 5 },
      { kind: 'update', key: 'e', lines: 9, membersOnly: true },
    ];
    expect(
      orderChanges(changes, (change) => change.lines, 5)
        .map(({ key }) => key)
        .join(''),
    ).toBe('edbac');
  });

  test('take what fits, whatever costs nothing included, and never nothing', () => {
    const costs = (...list: number[]): { kind: string; key: string; lines: number }[] =>
      list.map((lines) => ({ kind: 'update', key: '', lines }));
    const fit = (
      list: readonly { kind: string; key: string; lines: number }[],
      most: number,
    ): number => countFitting(list, (change) => change.lines, most);
    expect(fit(costs(...Array.from({ length: 250 }, () => 5)), BIGIP.declareSize.most)).toBe(100);
    expect(fit(costs(...Array.from({ length: 1_000 }, () => 1)), BIGIP.declareSize.most)).toBe(500);
    expect(fit(costs(1, 0, 0, 1, 1), 2)).toBe(4);
    expect(fit(costs(9, 1), 5)).toBe(1);
    expect(fit([], 5)).toBe(0);
  });
});
