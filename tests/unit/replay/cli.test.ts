import { spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, test } from '@jest/globals';
import { completionScript } from '../../../functions/cli/commands/completion.ts';
import { registerFailures } from '../../../functions/cli/commands/failures.ts';
import { portRows } from '../../../shared/operations/ports/ports.ts';
import { registerReplay } from '../../../functions/cli/commands/replay.ts';
import { entryStations } from '../../../shared/operations/trace/stations.ts';
import { policyTable } from '../../../functions/cli/failures/tables.ts';
import {
  clusterFigures,
  deviceFigures,
  expiresIn,
} from '../../../shared/operations/status/figures.ts';
import { ReplayPolicy } from '../../../shared/config/schema.ts';
import type { HistoryEntry } from '../../../shared/failures/history.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const program = (): Command => {
  const made = new Command('sluice');
  registerFailures(made);
  registerReplay(made);
  return made;
};

describe('completion', () => {
  test.each([
    ['sluice f', 'failures'],
    ['sluice failures gr', 'groups'],
    ['sluice replay pau', 'pause'],
    ['sluice replay start --y', '--yes'],
    ['sluice failures list -o json --li', '--limit'],
  ])('bash completes "%s" to %s', (line, expected) => {
    const words = line.split(' ');
    const script =
      `${completionScript(program(), 'bash')}\nCOMP_WORDS=(${words.join(' ')}); ` +
      `COMP_CWORD=${words.length - 1}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' })).toMatchObject({
      stdout: `${expected}\n`,
      status: 0,
    });
  });

  test('zsh gets the same through its bash emulation', () => {
    expect(completionScript(program(), 'zsh')).toMatch(/^#compdef sluice\nautoload .*bashcompinit/);
  });
});

describe('sluice ports', () => {
  test('prints owner, gateways, members and revision of each exposure, without silent devices', () => {
    const state = planPartition('k8s', EMPTY_STATE, [slice(7, [exposure()])], {
      sameFleet: () => false,
    }).next;
    expect(
      portRows([
        { device: 'a', partition: 'k8s', state, milliseconds: 1 },
        { device: 'b', partition: 'k8s', code: 'BIP501', problem: 'away' },
      ]),
    ).toEqual([
      {
        device: 'a',
        partition: 'k8s',
        exposure: '172.16.100.195:32400/tcp',
        owner: 'east/istio-system/istio-ingressgateway',
        gateways: ['default/tcp-echo-gateway'],
        members: 1,
        draining: 0,
        revision: '1.7',
        kept: [],
        since: expect.any(String),
      },
    ]);
    const override = {
      since: '2026-01-01T00:00:00.000Z',
      values: { enabled: false, connectionLimit: 9 },
      instead: { enabled: true, connectionLimit: 0 },
    };
    const drains = {
      east: { since: '2026-01-01T00:00:00Z', mode: 'out' as const, because: 'power' },
    };
    expect(
      portRows([
        { device: 'a', partition: 'k8s', state: { ...state, drains }, milliseconds: 1 },
      ])[0],
    ).toMatchObject({ drained: 'out' });
    expect(
      portRows([
        {
          device: 'a',
          partition: 'k8s',
          state: { ...state, overrides: { '172.16.100.195:32400/tcp': override } },
          milliseconds: 1,
        },
      ])[0]?.kept,
    ).toEqual([
      'has connection limit 9 instead of unlimited since 2026-01-01T00:00:00.000Z',
      'is disabled since 2026-01-01T00:00:00.000Z',
    ]);
  });
});

describe('sluice replay policies', () => {
  const policy = ReplayPolicy.parse({ name: 'references', codes: ['BIP424'] });

  test('shows what is sent automatically, when next, and the result of the last turn', () => {
    const turn = {
      format: 1 as const,
      policy: 'references',
      due: 600_000,
      misses: 2,
      says: 'job 7c1e2f0a: the canary failed',
    };
    expect(policyTable([{ policy, turn }], 0).split('\n')[1]).toMatch(
      /^references +BIP424 +15m +in 10m +2 +job 7c1e2f0a: the canary failed$/,
    );
    expect(policyTable([{ policy, turn: undefined }], 0).split('\n')[1]).toMatch(
      /^references +BIP424 +15m +now +0 +-$/,
    );
    expect(policyTable([], 0)).toContain('nothing is replayed automatically');
  });
});

describe('figures of sluice status', () => {
  const chapter = (at: number, over: Partial<HistoryEntry> = {}): HistoryEntry => ({
    at,
    last: at,
    times: 1,
    device: 'bigip-1',
    revision: { epoch: 1, counter: 1 },
    hops: [{ at: new Date(at - 1_500).toISOString(), where: 'watch' }],
    attempt: 1,
    outcomes: { applied: 1 },
    lines: [],
    ...over,
  });
  const busy = {
    outcomes: { retry: 1 },
    lines: [{ key: 'a', gateways: [], outcome: 'retry', code: 'BIP503', message: 'busy' }],
  };
  const HOUR = 3_600_000;
  const stories = [
    {
      format: 1 as const,
      owner: 'east/ns/gw',
      chapters: [chapter(HOUR), chapter(2 * HOUR, busy), chapter(2 * HOUR + 5_000, { times: 3 })],
    },
  ];

  test('last event and lag of a cluster are those of its newest result', () => {
    expect(clusterFigures('east', stories)).toEqual({ lastEvent: 2 * HOUR + 3_500, lag: 1_500 });
    expect(clusterFigures('west', stories)).toEqual({});
  });

  test('the last event is the newest declared one, if devices answer', () => {
    const seen = ['1970-01-01T05:00:00.000Z', '1970-01-01T04:00:00.000Z'];
    expect(clusterFigures('east', stories, seen)).toEqual({ lastEvent: 5 * HOUR, lag: 1_500 });
    expect(clusterFigures('west', stories, seen)).toEqual({ lastEvent: 5 * HOUR });
  });

  test('a device was busy for so many of the results of the last hour', () => {
    expect(deviceFigures('bigip-1', stories, 2 * HOUR + 6_000)).toEqual({
      lastSuccess: 2 * HOUR + 5_000,
      busy: { busy: 1, of: 4 },
    });
    expect(deviceFigures('bigip-1', stories, 9 * HOUR)).toEqual({ lastSuccess: 2 * HOUR + 5_000 });
  });

  test('the first dead letter is lost after two weeks', () => {
    expect(expiresIn('slices-dead', { waiting: 1, inFlight: 0, oldest: 0 }, 13 * 24 * HOUR)).toBe(
      24 * HOUR,
    );
    expect(expiresIn('slices', { waiting: 1, inFlight: 0, oldest: 0 }, 0)).toBeUndefined();
    expect(expiresIn('slices-dead', { waiting: 1, inFlight: 0 }, 0)).toBeUndefined();
  });
});

describe('sluice trace', () => {
  test('shows a result with its hops, its try and its replay job, and only if it concerns the gateway', () => {
    const line = {
      key: '10.0.0.1:80/tcp',
      gateways: ['team/web'],
      outcome: 'applied',
      code: 'OK',
      message: 'team/web asks for it',
    };
    const told: HistoryEntry = {
      at: 0,
      last: 0,
      times: 1,
      device: 'bigip-1',
      revision: { epoch: 1, counter: 7 },
      hops: [{ at: '1970-01-01T00:00:00.000Z', where: 'watch' }],
      attempt: 2,
      job: '7c1e2f0a',
      outcomes: { applied: 1 },
      lines: [line],
    };
    expect(entryStations(told, 'team/web', false).map((s) => [s.what, s.where, s.details])).toEqual(
      [
        ['seen and queued', 'watch', 'revision 1.7'],
        [
          'applied',
          'bigip-1, 10.0.0.1:80/tcp',
          'revision 1.7: replay job 7c1e2f0a, try 2: team/web asks for it',
        ],
      ],
    );
    expect(entryStations(told, 'team/other', true)).toEqual([]);
    expect(
      entryStations({ ...told, outcomes: { unchanged: 1 }, lines: [] }, 'team/other', true).map(
        (s) => s.what,
      ),
    ).toEqual(['seen and queued', 'unchanged']);
  });
});
