/**
 * Generates docs/reference/sluice.schema.json, with which editors check `sluice.yaml` while it is
 * written.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { SluiceConfig } from '../../shared/config/schema.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };

/** The loader fills it in. */
const FILLED: ReadonlySet<string> = new Set(['generation']);

/**
 * The JSON Schema of `sluice.yaml` for editors. Draft 7, which YAML plugins support; the loader
 * checks across keys.
 */
export function configurationSchema(): string {
  const {
    $schema,
    required = [],
    ...rest
  } = z.toJSONSchema(SluiceConfig, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    reused: 'inline',
  });
  const head = {
    $schema,
    $id: `urn:sluice:configuration:${version}`,
    title: `sluice.yaml of Sluice ${version}`,
  };
  return `${JSON.stringify({ ...head, ...rest, required: required.filter((key) => !FILLED.has(key)) }, null, 2)}\n`;
}
