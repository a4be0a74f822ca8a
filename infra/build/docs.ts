/** Generates the reference pages: `npm run docs`. A test compares them with the repository. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CODES } from '../../shared/domain/codes/index.ts';
import { chartSchema, chartValues } from './docs-chart.ts';
import { cisPage } from './docs-cis.ts';
import { codesPage } from './docs-codes.ts';
import { configurationPage } from './docs-configuration.ts';
import { decisionsPage } from './docs-decisions.ts';
import { fieldsPage } from './docs-fields.ts';
import { monitoringFiles } from './docs-monitoring.ts';
import { configurationSchema } from './docs-schema.ts';
import { settingsPage } from './docs-settings.ts';

/** A page that `npm run docs` writes. */
export interface GeneratedPage {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** All generated pages with their present text; a test compares them with the files. */
export function generatedPages(): readonly GeneratedPage[] {
  return [
    { path: 'docs/reference/configuration.md', text: configurationPage() },
    { path: 'docs/reference/settings.md', text: settingsPage() },
    { path: 'docs/reference/cis.md', text: cisPage() },
    { path: 'docs/reference/load-balancer-fields.md', text: fieldsPage() },
    { path: 'docs/reference/codes.md', text: codesPage(CODES) },
    { path: 'docs/reference/sluice.schema.json', text: configurationSchema() },
    { path: 'infra/kubernetes/chart/values.yaml', text: chartValues() },
    {
      path: 'infra/kubernetes/chart/values.schema.json',
      text: `${JSON.stringify(chartSchema(), null, 2)}\n`,
    },
    ...monitoringFiles(join(ROOT, 'infra/monitoring')),
    { path: 'docs/decisions/README.md', text: decisionsPage(join(ROOT, 'docs/decisions')) },
  ];
}

/**
 * Writes all generated pages and prints their paths. Tests compare the pages with their sources.
 */
async function main(): Promise<void> {
  for (const { path, text } of generatedPages()) {
    const file = join(ROOT, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    process.stdout.write(`${path}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
