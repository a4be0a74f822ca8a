import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { INPUT_CODES } from '../../../shared/domain/codes/input.ts';
import { MAPPING_CODES } from '../../../shared/domain/codes/mapping.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/domain/istio');

function codesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'verdict.ts')
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/'(?:MAP|GW)\d{3}'/g) ?? [])
    .map((quoted) => quoted.slice(1, -1));
}

describe('codes of the mapping', () => {
  const said = new Set(codesIn(FOLDER));

  test('every code that is reported is in the table', () => {
    expect([...said].filter((code) => !(code in MAPPING_CODES) && !(code in INPUT_CODES))).toEqual(
      [],
    );
  });

  test('every code of the table is reported', () => {
    const servers = Object.keys(INPUT_CODES).filter((code) => code.startsWith('GW11'));
    expect([...Object.keys(MAPPING_CODES), ...servers].filter((code) => !said.has(code))).toEqual(
      [],
    );
  });
});
