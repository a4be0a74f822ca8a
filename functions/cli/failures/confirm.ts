import { createInterface } from 'node:readline/promises';

/** Asks on the terminal; without one nobody can answer, so `--yes` is needed. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Error(`${question} There is no terminal to ask on; add --yes to do it, or --dry-run to look only.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
