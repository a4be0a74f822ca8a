import { askOnTerminal } from '../../shared/telemetry/terminal.ts';

/** Asks before anything is written; throws without a terminal. */
export async function isConfirmed(whom: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Error(`no terminal to confirm on; add --yes to ask ${whom}`);
  return /^y(es)?$/i.test((await askOnTerminal('Ask? [y/N]')).trim());
}
