/** The reference page of settings, generated from the catalogue. */
import * as z from 'zod';
import {
  SETTING_ROWS,
  type SettingName,
} from '../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import { MODES } from '../../shared/domain/exposure/settings/values.ts';
import type { SettingRow } from '../../shared/domain/exposure/settings/row.ts';
import { profileOf } from '../../shared/domain/exposure/settings/settings.ts';
import { IngressEntry } from '../../shared/domain/exposure/sources/ingress-entry.ts';
import { type Node, typeOf } from './docs-configuration.ts';

const HEAD = `# Settings

Generated from \`shared/domain/exposure/settings/catalogue\` by \`npm run docs\`; do not edit. [Which source goes first](configuration.md#settings-of-an-exposure),
and what each annotation takes, is in the configuration reference.

\`settings\` stands for \`ingresses[].settings\` and \`fleets[].settings\` of \`sluice.yaml\`. Fields of ConfigMaps are those of F5's
\`virtual-server\` schema; fields of resources are those of CIS's TransportServer and IngressLink, which \`sluice import cis\` reads. What
refers to an object on the device has to be listed in \`policy.references\`.
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
  return typeOf(z.toJSONSchema(schema, { unrepresentable: 'any', reused: 'inline' }) as Node);
}

function modesOf({ modes, modesOfValue = {}, tcpOnly }: SettingRow): string | undefined {
  const single = Object.entries(modesOfValue).map(
    ([value, some]) => `${code(value)} in ${list(some)}`,
  );
  const own = modes ?? (tcpOnly === true ? MODES.filter((mode) => mode !== 'udp') : undefined);
  const words = [...(own === undefined ? [] : [list(own)]), ...single];
  return words.length === 0 ? undefined : words.join('; ');
}

function driftOf({ live }: SettingRow): string | undefined {
  if (live === undefined) return undefined;
  const kept = live.differs === undefined ? '; may be kept with `policy.drift: adopt`' : '';
  return `${code(`${live.object}.${live.field}`)}${kept}`;
}

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
      list(cis.map(({ object, field }) => `${object === 'pool' ? 'spec.pool' : 'spec'}.${field}`)),
    ],
    ['AS3', as3 && code(`${as3.object === 'pool' ? 'Pool' : 'Service'}.${as3.property}`)],
    ['modes', modesOf(row)],
    ['refers to', reference && code(reference)],
    ['drift compares', driftOf(row)],
  ];
  const said = rows.flatMap(([what, text]) =>
    text === undefined || text === '' ? [] : [`| ${what} | ${text.replaceAll('|', '\\|')} |`],
  );
  return [`## ${name}\n`, `${row.help}\n`, '| | |', '|---|---|', ...said, ''].join('\n');
}

export function settingsPage(): string {
  return [HEAD, ...SETTING_ROWS.map(section)].join('\n');
}
