import { ask } from '../../../shared/telemetry/terminal.ts';

/** Somebody can be asked. */
export function isInteractive(): boolean {
  return process.stdin.isTTY;
}

/** Asks on the terminal; without one nobody can answer, so `--yes` is needed. */
export async function askConfirmation(question: string): Promise<boolean> {
  if (!isInteractive())
    throw new Error(
      `${question} No terminal to confirm on; add --yes to do it, or --dry-run to only show it.`,
    );
  return /^y(es)?$/i.test((await ask(`${question} [y/N]`)).trim());
}
