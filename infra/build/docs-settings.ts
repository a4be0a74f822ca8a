/** The reference page of settings, generated from the catalogue. */
import * as z from 'zod';
import {
  SETTING_ROWS,
  type SettingName,
} from '../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import { MODES, showValue } from '../../shared/domain/exposure/settings/values.ts';
import { type Choice, COMBINATIONS } from '../../shared/domain/exposure/settings/combinations.ts';
import { MODULES, referenceKind } from '../../shared/domain/exposure/settings/reference-kinds.ts';
import type {
  As3Property,
  CisPart,
  SettingRow,
} from '../../shared/domain/exposure/settings/row.ts';
import { profileOf } from '../../shared/domain/exposure/settings/settings.ts';
import { IngressEntry } from '../../shared/domain/exposure/sources/ingress-entry.ts';
import { as3Section } from './as3-properties.ts';
import { type SchemaNode, typeInWords } from './docs-configuration.ts';

const HEAD = `# Settings

Generated from \`shared/domain/exposure/settings/catalogue\` by \`npm run docs\`; do not edit. [Which source goes first](configuration.md#settings-of-an-exposure),
and what each annotation takes, is in the configuration reference.

\`settings\` stands for \`ingresses[].settings\` and \`fleets[].settings\` of \`sluice.yaml\`. Fields of ConfigMaps are those of F5's
\`virtual-server\` schema; fields of resources are those of CIS's custom resources, which \`sluice import cis\` reads
([all fields](cis.md)). What refers to an object on the device has to be listed in \`policy.references\`.
`;

function code(text: string): string {
  return `\`${text}\``;
}

function list(items: readonly string[]): string {
  return items.map(code).join(', ');
}

function keyOf(name: SettingName, row: SettingRow): string | undefined {
  if (row.home === 'place') return name in IngressEntry.shape ? `ingresses[].${name}` : undefined;
  const profile = profileOf(row);
  return profile === undefined ? `settings.${name}` : `settings.profiles.${profile}`;
}

function valuesOf({ schema }: SettingRow): string {
  return typeInWords(
    z.toJSONSchema(schema, { unrepresentable: 'any', reused: 'inline' }) as SchemaNode,
  );
}

/**
 * In which modes a setting or single values of it have an effect; undefined if it is the same
 * everywhere.
 */
function modesOf({ modes, modesOfValue = {}, tcpOnly }: SettingRow): string | undefined {
  const single = Object.entries(modesOfValue).map(
    ([value, some]) => `${code(value)} in ${list(some)}`,
  );
  const own = modes ?? (tcpOnly === true ? MODES.filter((mode) => mode !== 'udp') : undefined);
  const words = [...(own === undefined ? [] : [list(own)]), ...single];
  return words.length === 0 ? undefined : words.join('; ');
}

/** What drift compares for a setting; undefined if AS3 has no field on the device for it. */
function driftOf({ live, as3 }: SettingRow): string | undefined {
  const fields = (as3?.device ?? []).map((effect) =>
    'field' in effect
      ? `${as3?.object}.${effect.field}`
      : `virtual.${'profile' in effect ? 'profiles' : 'policies' in effect ? 'policies' : 'clonePools'}`,
  );
  if (live === undefined) return fields.length === 0 ? undefined : list([...new Set(fields)]);
  const kept = live.differs === undefined ? '; may be kept with `policy.drift: adopt`' : '';
  return `${code(`${live.object}.${live.field}`)}${kept}`;
}

const AS3_OBJECTS = { virtual: 'Service', pool: 'Pool', address: 'Service_Address' } as const;

function as3Name({ object, property, key }: As3Property): string {
  return `${AS3_OBJECTS[object]}.${property}${key === undefined ? '' : `.${key}`}`;
}

function partName(part: CisPart): string {
  return part === 'pool' ? 'pools' : part;
}

/** Any of them is enough. */
function modulesOf({ modules, reference }: SettingRow): string | undefined {
  const needed = modules ?? (reference && referenceKind(reference).modules);
  return needed?.map((name) => MODULES[name]).join(' or ');
}

/** The table of settings that need or exclude each other, from `COMBINATIONS`. */
function combinationsSection(): string {
  const show = ({ setting, value, several }: Choice): string =>
    several
      ? `several values of ${code(setting)}`
      : code(value === undefined ? setting : `${setting}: ${showValue(value)}`);
  return [
    '## Combinations\n',
    'Besides the mode that a setting needs, some settings need or exclude each other (GW168).\n',
    '| setting | needs | excludes | reason |',
    '|---|---|---|---|',
    ...COMBINATIONS.map(
      ({ when, needs = [], excludes = [], why }) =>
        `| ${show(when)} | ${needs.map(show).join(' or ')} | ${excludes.map(show).join(', ')} | ${why} |`,
    ),
    '',
  ].join('\n');
}

/** One setting with all of its names, as a table; rows without content are left out. */
function section([name, row]: (typeof SETTING_ROWS)[number]): string {
  const { annotations, configMap, cis = [], as3, reference } = row;
  const key = keyOf(name, row);
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['values', valuesOf(row)],
    ['default', row.default === undefined ? undefined : code(JSON.stringify(row.default))],
    ['key', key === undefined ? undefined : code(key)],
    ['annotations', list(annotations.map((one) => one.name))],
    ['ConfigMap', configMap && code(`virtualServer.${configMap.field}`)],
    [
      'CIS resources',
      cis
        .map(({ parts, field }) => `${code(field)} of ${parts.map(partName).join(', ')}`)
        .join('; '),
    ],
    ['AS3', as3 && code(as3Name(as3))],
    ['modes', modesOf(row)],
    ['refers to', reference && `${referenceKind(reference).words} (\`${reference}\`)`],
    ['modules', modulesOf(row)],
    ['drift compares', driftOf(row)],
  ];
  const said = rows.flatMap(([what, text]) =>
    text === undefined || text === '' ? [] : [`| ${what} | ${text.replaceAll('|', '\\|')} |`],
  );
  return [`## ${name}\n`, `${row.help}\n`, '| | |', '|---|---|', ...said, ''].join('\n');
}

/** The reference page about every setting, its annotations and its fields in AS3. */
export function settingsPage(): string {
  return [HEAD, ...SETTING_ROWS.map(section), combinationsSection(), as3Section()].join('\n');
}
