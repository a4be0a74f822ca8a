/** Commands that the page offers for copying: what a link chose is never run by a shell. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import {
  commandOf,
  replayCommand,
  withReason,
} from '../../../../functions/console/page/logic/commands.ts';

/** The words that a shell makes of it. */
const words = (command: string): readonly string[] =>
  execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');

describe('a copied command', () => {
  test.each(['$(echo ran)', '`id`', '; id', 'a|b && c', "it's", '> /dev/null', '~ * !!'])(
    'has %j as its words',
    (typed) => {
      const command = commandOf(['sluice', 'failures', 'groups'], typed);
      expect(words(command)).toEqual(['sluice', 'failures', 'groups', ...typed.split(' ')]);
    },
  );

  test('needs no quotes for an ordinary filter', () => {
    expect(commandOf(['sluice', 'ports'], ' 443  team/web ')).toBe('sluice ports 443 team/web');
    expect(commandOf(['sluice', 'ports'], '')).toBe('sluice ports');
  });

  test('of a replay has the settings of its panel', () => {
    const settings = { canary: 1, rate: 5, force: true };
    expect(replayCommand('code:BIP421 $(id)', settings)).toBe(
      "sluice replay plan code:BIP421 '$(id)' --canary 1 --rate 5 --force",
    );
  });

  test('has the reason, if there is one', () => {
    expect(withReason('sluice drift --repair', "it's back")).toBe(
      String.raw`sluice drift --repair --why 'it'\''s back'`,
    );
    expect(withReason('sluice drift --repair', ' ')).toBe('sluice drift --repair');
  });
});
