/** The JSON Schema that editors check `sluice.yaml` with agrees with the loader. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { ConfigError } from '../../../shared/config/error.ts';
import { parseConfig } from '../../../shared/config/load.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLE = join(ROOT, 'docs/sluice.example.yaml');
const text = readFileSync(EXAMPLE, 'utf8');
const schema = JSON.parse(
  readFileSync(join(ROOT, 'docs/reference/sluice.schema.json'), 'utf8'),
) as { readonly $id: string };
const ajv = new Ajv({ allErrors: true, unknownFormats: 'ignore' });
const validate = ajv.compile(schema);

function problems(yaml: string): readonly string[] {
  void validate(parse(yaml));
  return (validate.errors ?? []).map(
    ({ dataPath, message, params }) => `${dataPath} ${message ?? ''} ${JSON.stringify(params)}`,
  );
}

describe('the JSON Schema of sluice.yaml', () => {
  test('takes the example, and so does the loader', () => {
    expect(problems(text)).toEqual([]);
    expect(parseConfig(text, 'example', 1).devices).toHaveLength(1);
  });

  test('is the one that the first line of the example names', () => {
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
    expect(JSON.parse(readFileSync(join(dirname(EXAMPLE), named), 'utf8'))).toEqual(schema);
  });

  test('names its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    expect(schema.$id).toBe(`urn:sluice:configuration:${version}`);
  });

  test.each([
    [
      'an unknown key',
      text.replace('partitions: [k8s]', 'partition: k8s'),
      /devices\[0\].*(required|additional)/,
    ],
    ['an unknown value', text.replace('mode: active-active', 'mode: both'), /fleets\[0\]\.mode/],
    [
      'a number out of range',
      `${text}\nfailures: { kind: fs, retentionDays: 0 }\n`,
      /retentionDays/,
    ],
    ['a queue without a kind', text.replace('kind: sqlite', 'kind: kafka'), /\.queue/],
    ['a missing list', text.replace(/^clusters:[\s\S]*?(?=^# Clusters)/m, ''), /clusters/],
  ])('refuses %s, as the loader does', (_, yaml, complaint) => {
    expect(yaml).not.toBe(text);
    expect(problems(yaml).join('\n')).toMatch(complaint);
    expect(() => parseConfig(yaml, 'example', 1)).toThrow(ConfigError);
  });
});
