/** Writes the generated reference pages: `node infra/build/docs.ts`. A test compares them with what is in the tree. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CODES } from '../../shared/domain/codes/index.ts';
import { codesPage } from './docs-codes.ts';
import { configurationPage } from './docs-configuration.ts';

export interface GeneratedPage {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

export function generatedPages(): readonly GeneratedPage[] {
  return [
    { path: 'docs/reference/configuration.md', text: configurationPage() },
    { path: 'docs/reference/codes.md', text: codesPage(CODES) },
  ];
}

async function main(): Promise<void> {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
  for (const { path, text } of generatedPages()) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    process.stdout.write(`${path}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
