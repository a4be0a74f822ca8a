/** Manifests that are pasted or dropped: read as kubectl reads them, with file and line in messages. */
import { describe, expect, test } from '@jest/globals';
import { planCommand } from '../../../../functions/console/page/logic/commands.ts';
import { readPasted } from '../../../../functions/console/page/logic/manifests.ts';
import { MAX_PASTED_CHARACTERS, tooLong } from '../../../../functions/console/page/logic/pasted.ts';

const gateway = (name: string, more = ''): string =>
  `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: ${name}\n${more}`;

describe('pasted manifests', () => {
  test('become the JSON that a plan takes, in the namespace that kubectl would take', () => {
    const { text, notes, problems } = readPasted([
      { name: 'a.yaml', text: `${gateway('web')}---\r\n${gateway('api')}` },
      { name: 'b.json', text: '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"}}' },
    ]);
    expect(JSON.parse(text)).toEqual([
      ...['web', 'api'].map((name) => ({
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name, namespace: 'default' },
      })),
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } },
    ]);
    expect([notes, problems]).toEqual([[], []]);
  });

  test('that are partly bad are planned without the bad part, which is named with its line', () => {
    const { text, notes, problems } = readPasted([
      { name: 'a.yaml', text: `${gateway('web', '  name: web2\n')}---\nkind: [\n---\nsome text\n` },
    ]);
    expect(JSON.parse(text)).toMatchObject([{ metadata: { name: 'web2' } }]);
    expect(notes).toEqual([expect.stringMatching(/^a\.yaml:5: "name" is given twice/)]);
    expect(problems).toEqual([
      expect.stringMatching(/^a\.yaml:8: /),
      expect.stringMatching(/^a\.yaml:9: is a string, not a Kubernetes object$/),
    ]);
  });

  test.each([
    ['nothing', [], /^There is no Kubernetes object/],
    ['blanks', [{ name: 'pasted', text: ' \n' }], /^pasted: contains no Kubernetes object$/],
    ['a chart', [{ name: 'x', text: 'kind: {{ .Values.x }}' }], /^x:1: is an unrendered template/],
    [
      'the same object twice',
      ['a', 'b'].map((name) => ({ name, text: gateway('web') })),
      /leave one of the two out\nGateway default\/web: a:1 and b:1$/,
    ],
    [
      'more than one plan accepts',
      [{ name: 'x', text: gateway('web', `data: ${'x'.repeat(110_000)}`) }],
      /108 KiB as JSON; one plan takes 100 KiB/,
    ],
  ])('%s: a sentence says so', (_, texts, says) => {
    expect(() => readPasted(texts)).toThrow(says);
  });

  test('are bounded before they are read', () => {
    expect(tooLong([MAX_PASTED_CHARACTERS])).toBeUndefined();
    expect(tooLong([MAX_PASTED_CHARACTERS, 1])).toMatch(/1 MiB.*sluice plan/);
    expect(tooLong(Array.from({ length: 101 }, () => 1))).toMatch(/100 files/);
  });
});

test('the command for it reads the same files, or what is pasted into it', () => {
  expect(planCommand({ files: ['a.yaml', "b's.yaml"], isPasted: false, cluster: 'east' })).toBe(
    String.raw`sluice plan -f a.yaml -f 'b'\''s.yaml' --cluster east --device`,
  );
  expect(planCommand({ files: [], isPasted: true, cluster: undefined })).toBe(
    'sluice plan -f - --device',
  );
  expect(planCommand({ files: ['-x.yaml'], isPasted: true, cluster: undefined })).toBe(
    'sluice plan -f ./-x.yaml -f - --device',
  );
});
