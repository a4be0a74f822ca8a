/** A secret that was written into the configuration by mistake is in no message about it. */
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { parseConfig } from '../../../shared/config/load.ts';
import { SecretReference } from '../../../shared/config/secret-reference.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';

interface Node {
  readonly pattern?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
}

const json = (schema: z.ZodType): Node =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Node;
const REFERENCE = json(SecretReference).pattern;

/** Of each place for a reference: its path, and a document that has the value there. */
function placesIn(node: Node): readonly (readonly [path: string, build: (v: string) => unknown])[] {
  if (node.pattern === REFERENCE) return [['', (value) => value]];
  const { properties = {}, items, oneOf = [], anyOf = [] } = node;
  const kind = properties['kind']?.const;
  const own = Object.entries(properties).flatMap(([key, child]) =>
    placesIn(child).map(
      ([path, build]) =>
        [
          `.${key}${path}`,
          (value: string) => ({ ...(kind === undefined ? {} : { kind }), [key]: build(value) }),
        ] as const,
    ),
  );
  const inList = (items === undefined ? [] : placesIn(items)).map(
    ([path, build]) => [`[]${path}`, (value: string) => [build(value)]] as const,
  );
  return [...own, ...inList, ...[...oneOf, ...anyOf].flatMap(placesIn)];
}

function refusal(text: string): string {
  try {
    parseConfig(text, 'sluice.yaml', 1);
  } catch (error) {
    return errorMessage(error);
  }
  return '';
}

const places = placesIn(json(SluiceConfig));

test('every secret of the configuration is a reference that the next test knows', () => {
  const paths = places.map(([path]) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['.devices[].password', '.console.oidc.clientSecret']),
  );
  expect(paths.length).toBeGreaterThan(8);
});

test.each(places)('a secret at %s instead of a reference is not shown', (path, build) => {
  const said = refusal(JSON.stringify(build('canary-8f31')));
  expect(said).toContain(path.replaceAll('[]', '[0]').slice(1));
  expect(said).not.toContain('canary-8f31');
});

describe('a password in', () => {
  test.each([
    ['the URL of a device', { devices: [{ url: 'https://admin:canary-8f31@192.0.2.1 x' }] }],
    ['the URL of its peer', { devices: [{ peer: 'https://admin:canary-8f31@192.0.2.1' }] }],
    [
      'the host of PostgreSQL',
      { queue: { kind: 'postgres', host: 'postgres://u:canary-8f31@db' } },
    ],
    ['an endpoint', { queue: { kind: 'sqs', region: 'x', endpoint: 'https://u:canary-8f31@mq' } }],
    ['the issuer', { console: { oidc: { issuer: 'ftp://u:canary-8f31@idp' } } }],
    ['the URL of the console', { console: { url: 'https://u:canary-8f31@console/x' } }],
  ])('%s is not shown', (_, input) => {
    const said = refusal(JSON.stringify(input));
    expect(said).not.toBe('');
    expect(said).not.toContain('canary-8f31');
  });

  test.each(['!canary-8f31', '*canary-8f31', '"canary-8f31', '{canary-8f31', '@canary-8f31 x: y'])(
    'YAML that is broken by it (%s) is not shown',
    (password) => {
      const said = refusal(`devices:\n  - name: bigip-1\n    password: ${password}\n`);
      expect(said).toMatch(/line [34]|alias/);
      expect(said).not.toContain('canary-8f31');
    },
  );
});
