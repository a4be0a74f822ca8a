import { spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, test } from '@jest/globals';
import { completionScript } from '../../../functions/cli/commands/completion.ts';
import { registerFailures } from '../../../functions/cli/commands/failures.ts';
import { portRows } from '../../../functions/cli/commands/ports.ts';
import { registerReplay } from '../../../functions/cli/commands/replay.ts';
import { EMPTY_STATE } from '../../../shared/domain/plan/declared.ts';
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
    const script = `${completionScript(program(), 'bash')}\nCOMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' })).toMatchObject({ stdout: `${expected}\n`, status: 0 });
  });

  test('zsh gets the same through its bash emulation', () => {
    expect(completionScript(program(), 'zsh')).toMatch(/^#compdef sluice\nautoload .*bashcompinit/);
  });
});

describe('sluice ports', () => {
  test('says owner, gateways, members and revision of each address and port, and leaves out devices that give no answer', () => {
    const state = planPartition('k8s', EMPTY_STATE, [slice(7, [exposure()])], { sameFleet: () => false }).next;
    expect(portRows([{ device: 'a', partition: 'k8s', state, milliseconds: 1 }, { device: 'b', partition: 'k8s', code: 'BIP501', problem: 'away' }])).toEqual([
      { device: 'a', partition: 'k8s', exposure: '172.16.100.195:32400/tcp', owner: 'east/istio-system/istio-ingressgateway', gateways: ['default/tcp-echo-gateway'], members: 1, draining: 0, revision: '1.7', kept: [], since: expect.any(String) },
    ]);
    const override = { since: '2026-01-01T00:00:00.000Z', values: { enabled: false, connectionLimit: 9 }, instead: { enabled: true, connectionLimit: 0 } };
    expect(portRows([{ device: 'a', partition: 'k8s', state: { ...state, overrides: { '172.16.100.195:32400/tcp': override } }, milliseconds: 1 }])[0]?.kept).toEqual([
      'takes 9 connections instead of any number of since 2026-01-01T00:00:00.000Z',
      'is disabled since 2026-01-01T00:00:00.000Z',
    ]);
  });
});
