/**
 * Every row of the catalogue of settings, through all code that reads it. A new row needs no test
 * of its own for this.
 */
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { settingDifferences } from '../../../shared/bigip/rest/live-settings.ts';
import { readTenant } from '../../../shared/bigip/as3/read.ts';
import { renderTenant } from '../../../shared/bigip/as3/render.ts';
import { readerOf } from '../../../shared/domain/exposure/settings/annotation-values.ts';
import {
  CATALOGUE,
  SETTING_ROWS,
  type SettingName,
} from '../../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import {
  composeSettings,
  namedInput,
  namedSettings,
  referencesIn,
} from '../../../shared/domain/exposure/settings/compose.ts';
import type { SettingRow } from '../../../shared/domain/exposure/settings/row.ts';
import {
  profileOf,
  Settings,
  SettingsInput,
} from '../../../shared/domain/exposure/settings/settings.ts';
import type { Mode } from '../../../shared/domain/exposure/settings/values.ts';
import { annotationsFor } from '../../../shared/domain/exposure/sources/cis/cis-annotations.ts';
import {
  ANNOTATIONS,
  readAnnotations,
} from '../../../shared/domain/exposure/sources/annotations.ts';
import { declaredState } from '../../../shared/domain/declared/declared.ts';
import {
  composeExposure,
  partsOf,
  type SharedPart,
} from '../../../shared/domain/plan/shared-exposure.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';

const AT = {
  port: 443,
  protocol: 'TCP',
  servers: [{ port: 443, protocol: 'TCP' }],
  strictPorts: true,
};

const cases = SETTING_ROWS.flatMap(([name, row]) =>
  row.examples.map((example) => [name, JSON.stringify(example), example, row] as const),
);
const declared = cases.filter(([, , , row]) => row.home !== 'place');

function inputOf(name: SettingName, row: SettingRow, value: unknown): unknown {
  const profile = profileOf(row);
  return profile === undefined ? { [name]: value } : { profiles: { [profile]: value } };
}

function modeFor({ modes, modesOfValue = {} }: SettingRow, value: unknown): Mode {
  const [first = ''] = [value].flat();
  return (modes ?? modesOfValue[String(first)])?.[0] ?? SETTINGS.mode;
}

function settingsWith(name: SettingName, row: SettingRow, value: unknown): Settings {
  const named = { ...namedSettings(SETTINGS), mode: modeFor(row, value), [name]: value };
  return composeSettings(named) as Settings;
}

describe('every row of the catalogue', () => {
  test.each(cases)('%s takes %s, written as its own annotation', (name, _text, example, row) => {
    expect(row.schema.safeParse(example)).toEqual({ success: true, data: example });
    const annotations = annotationsFor({ [name]: example });
    expect(Object.keys(annotations)).toEqual([row.annotations[0]?.name]);
    expect(readAnnotations('Gateway a/b', annotations, AT)).toMatchObject({
      wanted: { [name]: example },
      refusals: [],
      notes: [],
    });
  });

  test.each(declared)('%s takes %s in sluice.yaml', (name, _text, example, row) => {
    const input = SettingsInput.parse(inputOf(name, row, example));
    expect(namedInput(input)).toEqual({ [name]: example });
  });

  test.each(declared)('%s: %s comes back from AS3 as it was declared', (name, _, example, row) => {
    const settings = settingsWith(name, row, example);
    expect(Settings.parse(settings)).toEqual(settings);
    const state = declaredState(
      {},
      [
        {
          address: '172.16.100.195',
          port: 443,
          protocol: settings.mode === 'udp' ? 'udp' : 'tcp',
          settings,
          contributions: [{ owner: 'a/b/c', gateways: ['d/e'], since: '2026', members: [] }],
        },
      ],
      { shareNodes: false },
    );
    expect(readTenant('k8s', renderTenant(state, { shareNodes: false }))).toEqual({
      kind: 'ours',
      state,
    });
  });

  test.each(declared)(
    '%s: %s that only one of two owners requests is reported to the other',
    (name, _, value, row) => {
      const where = { address: '172.16.100.195', port: 443, protocol: 'tcp' } as const;
      const part = (owner: string, requested: Settings): SharedPart => ({
        contribution: { owner, gateways: ['d/e'], since: '2026', members: [] },
        requested,
      });
      const special = settingsWith(name, row, value);
      const parts = [part('east/a/b', SETTINGS), part('west/a/b', special)];
      for (const { requested } of parts) {
        const rules = { fleetOf: () => undefined, shareNodes: false };
        expect(partsOf(composeExposure(where, requested, parts, rules))).toEqual(parts);
      }
    },
  );

  test('has an annotation of Sluice first, and unique names', () => {
    const own = SETTING_ROWS.map(([, { annotations }]) => annotations[0]?.name ?? '');
    expect(own.filter((name) => !name.startsWith('sluice.io/'))).toEqual([]);
    const unique = (names: readonly string[]): void =>
      expect(names.toSorted()).toEqual([...new Set(names)].sort());
    unique(ANNOTATIONS.map(({ name }) => name));
    unique(
      SETTING_ROWS.flatMap(([, { as3 }]) => as3 ?? []).map(
        ({ object, property, key = '' }) => `${object}.${property}.${key}`,
      ),
    );
    unique(
      SETTING_ROWS.flatMap(([, { cis = [] }]) => cis).flatMap(({ parts, field }) =>
        parts.map((part) => `${part} ${field}`),
      ),
    );
    unique(SETTING_ROWS.flatMap(([, { configMap }]) => configMap?.field ?? []));
  });

  test('names each of its paths as a reference, so that policy and device are checked', () => {
    for (const [name, , example, row] of cases) {
      const paths = [example].flat().filter((one) => String(one).startsWith('/'));
      expect(referencesIn({ [name]: example }).map(({ path }) => path)).toEqual(paths);
      expect(paths.length > 0 && row.reference === undefined).toBe(false);
    }
  });

  test.each(declared.filter(([, , , row]) => row.live?.differs !== undefined))(
    '%s: %s is compared with what is live',
    (name, _, example, row) => {
      const { object = 'pool', field = '' } = row.live ?? {};
      const live = { [field]: example };
      const other = row.examples.find((one) => one !== example) ?? row.default ?? row.as3?.absent;
      expect(settingDifferences(object, live, settingsWith(name, row, example))).toEqual([]);
      expect(settingDifferences(object, live, settingsWith(name, row, other))).toHaveLength(1);
      expect(settingDifferences(object, {}, settingsWith(name, row, other))).toEqual([]);
    },
  );
});

test.each([
  ['source', '10.20.0.0/16', '10.20.0.0/16'],
  ['source', '0.0.0.0/0', 'any'],
  ['source', '::/0', 'any'],
  ['mirroring', 'enabled', 'L4'],
  ['mirroring', 'disabled', 'none'],
] as const)('%s that BIG-IP gives as %s is %s', (name, live, value) => {
  expect(CATALOGUE[name].live.schema.parse(live)).toBe(value);
});

describe('a plain value in an annotation', () => {
  test.each([
    [z.enum(['a', 'b']), 'b', 'b', 'must be one of a, b'],
    [z.boolean(), 'true', true, 'must be true or false'],
    [z.boolean(), 'false', false, 'must be true or false'],
    [z.int().min(1).max(9), '9', 9, 'must be a number from 1 to 9'],
  ])('is read by its schema (%#)', (schema, text, value, problem) => {
    const read = readerOf(schema);
    expect(read(text, AT)).toEqual({ value });
    for (const other of ['', 'c', '10', 'TRUE', ' 9']) expect(read(other, AT)).toEqual({ problem });
  });

  test('of another shape needs its own reader', () => {
    expect(() => readerOf(z.array(z.string()))).toThrow('a reader of its own');
  });
});
