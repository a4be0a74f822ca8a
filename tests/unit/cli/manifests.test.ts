import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { documentsOf, type ReadDocument } from '../../../shared/operations/manifests/documents.ts';
import { readYaml } from '../../../shared/operations/manifests/yaml-values.ts';
import { readManifests } from '../../../functions/cli/manifests/read-manifests.ts';
import type { CollectedManifests as Manifests } from '../../../shared/operations/manifests/collect.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-manifests-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function read(...paths: readonly string[]): Manifests {
  return readManifests({ file: paths, recursive: false, namespace: 'default' });
}

const names = ({ objects }: Manifests): readonly unknown[] =>
  objects.map((object) => (object as { metadata: { name: string } }).metadata.name);
const pod = (name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });

describe('what is no file', () => {
  test('in a directory is named and left out: a pipe is not waited for, a link to itself not followed', async () => {
    const path = file('a.yaml', pod('one'));
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    symlinkSync('/dev/zero', join(folder, 'zero.yaml'));
    symlinkSync('loop.yaml', join(folder, 'loop.yaml'));
    symlinkSync('.', join(folder, 'again'));
    const server = createServer().listen(join(folder, 'socket.json'));
    await once(server, 'listening');
    const found = readManifests({ file: [folder], recursive: true, namespace: 'default' });
    server.close();
    expect(names(found)).toEqual(['one']);
    expect(found.problems).toEqual([]);
    expect(found.skipped).toEqual([
      `${join(folder, 'loop.yaml')}: leads nowhere`,
      `${join(folder, 'pipe.yaml')}: is a named pipe, not a file`,
      `${join(folder, 'socket.json')}: is a socket, not a file`,
      `${join(folder, 'zero.yaml')}: is a device, not a file`,
    ]);
    expect(path).toContain('a.yaml');
  });

  test('named by the user is refused, except for a pipe, which the shell creates for <(command)', () => {
    expect(() => read('/dev/zero')).toThrow('cannot read /dev/zero: it is a device, not a file');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', `echo '${pod('piped')}' > '${pipe}'`]);
    expect(names(read(pipe))).toEqual(['piped']);
    writer.kill();
  });

  test('a file that is larger than any cluster is refused by its size', () => {
    const path = file('large.yaml', '');
    truncateSync(path, 256 * 1024 * 1024 + 1);
    expect(() => read(path)).toThrow(/cannot read .*large\.yaml: it is larger than 256 MiB/);
  });
});

describe('objects are read from', () => {
  test('YAML with several documents, empty ones among them', () => {
    const path = file(
      'a.yaml',
      `---\n# nothing\n---\n${pod('one')}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: two}\n---\n`,
    );
    expect(names(read(path))).toEqual(['one', 'two']);
  });

  test('a List as kubectl get prints it, as YAML and as JSON', () => {
    const list = `{"apiVersion": "v1", "kind": "List", "items": [${pod('one')}, ${pod('two')}]}`;
    expect(names(read(file('a.json', list)))).toEqual(['one', 'two']);
    expect(
      names(
        read(
          file('a.yaml', `kind: List\napiVersion: v1\nitems:\n- ${pod('one')}\n- ${pod('two')}\n`),
        ),
      ),
    ).toEqual(['one', 'two']);
  });

  test('a list of one kind, whose items name none, as the API itself answers', () => {
    const path = file(
      'raw.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'PodList',
        items: [{ metadata: { name: 'one', namespace: 'a' } }],
      }),
    );
    expect(read(path).objects).toEqual([
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one', namespace: 'a' } },
    ]);
  });

  test('a JSON array, JSON with a byte order mark, and YAML that begins with a bracket', () => {
    expect(names(read(file('a.json', `[${pod('one')},${pod('two')}]`)))).toEqual(['one', 'two']);
    expect(names(read(file('b.json', `\uFEFF${pod('one')}`)))).toEqual(['one']);
    expect(
      names(read(file('c.yaml', '---\n{apiVersion: v1, kind: Pod, metadata: {name: flow}}'))),
    ).toEqual(['flow']);
  });

  test('the files of a directory by name, and those of directories within it only when asked', () => {
    file('dir/b.yml', pod('b'));
    file('dir/a.json', pod('a'));
    file('dir/readme.txt', 'not read');
    file('dir/deep/c.yaml', pod('c'));
    expect(names(read(join(folder, 'dir')))).toEqual(['a', 'b']);
    expect(
      names(readManifests({ file: [join(folder, 'dir')], recursive: true, namespace: 'default' })),
    ).toEqual(['a', 'b', 'c']);
  });
});

describe('namespaces', () => {
  test('that are missing become the given one, but not on objects of the cluster', () => {
    const path = file(
      'a.yaml',
      `${pod('one')}\n---\n{apiVersion: v1, kind: Node, metadata: {name: ` +
        `node}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: own}}`,
    );
    const { objects } = readManifests({ file: [path], recursive: false, namespace: 'team' });
    expect(
      objects.map((object) => (object as { metadata: { namespace?: string } }).metadata.namespace),
    ).toEqual(['team', undefined, 'own']);
  });
});

describe('what is wrong is reported with its place', () => {
  test.each([
    ['a.yaml', 'hello', 'a.yaml:1: is a string, not a Kubernetes object'],
    ['a.yaml', '# nothing\n---\n', 'a.yaml: contains no Kubernetes object'],
    ['a.json', '', 'a.json: contains no Kubernetes object'],
    [
      'a.json',
      '{"name": "x"}',
      'a.json:1: is not a Kubernetes object: it has no apiVersion and no kind',
    ],
    ['a.yaml', 'a: [1,2', 'a.yaml:1: Flow sequence'],
    ['a.json', '{"kind": "Pod",,}', 'a.json:1: Unexpected ,'],
    ['a.yaml', 'a: 1\n---\nb: "x\n', 'a.yaml:4: Missing closing "quote'],
  ])('%s with %j', (name, text, sentence) => {
    const path = file(name, text);
    expect(() => read(path)).toThrow(sentence);
  });

  test.each([
    ['is not an object', 'kind: Pod', 3, 'is not a Kubernetes object: it has no apiVersion'],
    ['is not YAML', 'kind: Pod\n\ta: 1', 4, 'Tabs are not allowed as indentation'],
    [
      'has a second document after its end',
      `${pod('two')}\n...\n\n${pod('lost')}`,
      6,
      'a second document begins after "..."',
    ],
    ['holds a control character', 'kind: Pod\na: \u0007', 4, 'holds a control character'],
    [
      'is a List with something else in it',
      'apiVersion: v1\nkind: List\nitems:\n- 1',
      6,
      'is a number, not a Kubernetes object',
    ],
    [
      'has an annotation without quotes',
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  annotations:\n    sluice.io/port: 32400',
      8,
      'metadata.annotations["sluice.io/port"] is a number; kubectl refuses it; write "32400"',
    ],
    [
      'has a tab',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n\t# c\nspec: {}',
      6,
      'a tab cannot indent a line',
    ],
  ])('a document that %s does not affect the others', (_, text, line, sentence) => {
    const path = file('a.yaml', `${pod('one')}\n---\n${text}\n---\n${pod('three')}\n`);
    const found = read(path);
    expect(names(found)).toContain('one');
    expect(names(found)).toContain('three');
    expect(found.problems).toEqual([expect.stringContaining(`${path}:${line}: ${sentence}`)]);
  });

  test('text behind --- makes a document that kubectl does not read', () => {
    const path = file(
      'a.yaml',
      `${pod('one')}\n--- {apiVersion: v1}\nkind: Pod\n---\n${pod('two')}\n`,
    );
    expect(names(read(path))).toEqual(['one', 'two']);
    expect(read(path).problems).toEqual([
      `${path}:2: "{apiVersion: v1}" stands behind ---, where only a comment may; kubectl reads no such document`,
    ]);
  });

  test('a duplicate key is reported, because only the last one counts', () => {
    const path = file(
      'a.yaml',
      `${pod('one')}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: two}\nspec: {a: 1}\nspec: {b: 2}\n`,
    );
    expect(read(path).notes).toEqual([
      `${path}:7: "spec" is given twice in one map; the last one counts, as for kubectl`,
    ]);
  });

  test('a file that does not exist, and a directory without files', () => {
    expect(() => read(join(folder, 'none.yaml'))).toThrow(
      `cannot read ${join(folder, 'none.yaml')}: no such file`,
    );
    mkdirSync(join(folder, 'empty'));
    expect(() => read(join(folder, 'empty'))).toThrow(
      'contains no .yaml, .yml or .json file (-R also reads its subdirectories)',
    );
  });

  test('but a file found in a directory is skipped, and reported', () => {
    file('dir/values.yaml', 'replicas: 3');
    file('dir/pod.yaml', pod('one'));
    const found = read(join(folder, 'dir'));
    expect(names(found)).toEqual(['one']);
    expect(found.problems).toEqual([]);
    expect(found.skipped).toEqual([
      `${join(folder, 'dir/values.yaml')}:1: is not a Kubernetes object: it has no apiVersion and no kind`,
    ]);
  });
});

describe('text that is no manifest', () => {
  const template = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n';
  const sentence = 'is an unrendered template; render it first, for instance with helm template';

  test.each([
    ['an expression', template, 4],
    ['a condition', `{{- if .Values.on }}\n${template}{{- end }}\n`, 1],
    ['an expression in quotes', template.replace('{{ .Values.name }}', '"{{ .Values.name }}"'), 4],
    ['a directive of Jinja', 'apiVersion: v1\nkind: Pod\n{% if x %}\n', 3],
    [
      'an include',
      'apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {{- include "x.labels" . | nindent 4 }}\n',
      4,
    ],
  ])('an unrendered template with %s is reported as one, once', (_, text, line) => {
    const path = file('dir/t.yaml', text);
    file('dir/a.yaml', pod('one'));
    const found = read(join(folder, 'dir'));
    expect(names(found)).toEqual(['one']);
    expect(found.problems).toEqual([`${path}:${line}: ${sentence}`]);
  });

  test('several unrendered templates in a file are reported together', () => {
    const path = file('t.yaml', `${template}---\n${template}---\n${pod('one')}`);
    expect(read(path).problems).toEqual([
      `${path}:4: is an unrendered template (and 1 more of the file); render it first, for instance with helm template`,
    ]);
  });

  test('template syntax inside the strings of an object is not reported', () => {
    const alert =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: "{{ .Values.x }}"}\n';
    const rule =
      'apiVersion: x/v1\nkind: PrometheusRule\nmetadata: {name: two}\nspec: {a: "{{ $labels.x }}"}\n';
    expect(names(read(file('a.yaml', `${alert}---\n${rule}`)))).toEqual(['one', 'two']);
  });

  function bytes(name: string, content: Buffer): string {
    const path = file(name, '');
    writeFileSync(path, content);
    return path;
  }

  test.each([
    [
      'Latin-1',
      Buffer.from(`${pod('one')}\n# Gr\u00fc\u00dfe\n`, 'latin1'),
      2,
      'has bytes that are not UTF-8 text; save it as UTF-8',
    ],
    [
      'cut off',
      Buffer.from(pod('ü')).subarray(0, -4),
      1,
      'has bytes that are not UTF-8 text; save it as UTF-8',
    ],
    [
      'UTF-16 with a mark',
      Buffer.from(`\uFEFF${pod('one')}`, 'utf16le'),
      1,
      'is UTF-16 text; save it as UTF-8',
    ],
    [
      'UTF-16 without one',
      Buffer.from(pod('one'), 'utf16le'),
      1,
      'is UTF-16 text; save it as UTF-8',
    ],
    [
      'UTF-16 the other way',
      Buffer.from(`\uFEFF${pod('one')}`, 'utf16le').swap16(),
      1,
      'is UTF-16 text; save it as UTF-8',
    ],
  ])('a file in %s is named, and the others are read', (kind, content, line, words) => {
    if (kind === 'cut off') content = Buffer.from([0x7b, 0xc3]);
    const path = bytes('dir/b.yaml', content);
    file('dir/a.yaml', pod('one'));
    const found = read(join(folder, 'dir'));
    expect(names(found)).toEqual(['one']);
    expect(found.problems).toEqual([`${path}:${line}: ${words}`]);
  });

  test('all problems are reported if nothing could be read', () => {
    const [a, b] = [file('a.yaml', 'a: [1'), bytes('b.yaml', Buffer.from([0xff]))];
    expect(() => read(a, b)).toThrow(/a\.yaml:1: .*\n.*b\.yaml:1: has bytes/);
  });
});

describe('input that would exhaust the machine is refused', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  test.each([
    ['deeply nested brackets', `a: ${nested(20_000)}`, 'is nested too deeply'],
    ['brackets that are never closed', `a: ${'['.repeat(20_000)}`, ''],
    [
      'deeply nested maps',
      Array.from({ length: 5_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      '',
    ],
    ['quotes that are never closed', `a: "x\n`.repeat(2_000), 'Unexpected scalar'],
    [
      'nested aliases',
      [
        'a: &a [x, x]',
        ...Array.from({ length: 60 }, (_, i) =>
          `a${i}: &a${i} [*a${i || ''}, *a${i || ''}]`.replaceAll(
            `*a${i}`,
            i === 0 ? '*a' : `*a${i - 1}`,
          ),
        ),
      ].join('\n'),
      'its aliases would make it grow out of all proportion',
    ],
  ])('%s', (_, text, sentence) => {
    const path = file('a.yaml', `${pod('one')}\n---\n${text}\n`);
    const found = read(path);
    expect(names(found)).toEqual(['one']);
    expect(found.problems).toEqual([expect.stringContaining(sentence)]);
  });
});

describe('a long List', () => {
  const item = (i: number): string =>
    `- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p${i}\n    annotations: ` +
    `{text: "${'x'.repeat(200)}\n      y"}\n`;
  const list = (...more: readonly string[]): string =>
    `# all\napiVersion: ` +
    `v1\nitems:\n${Array.from({ length: 1_200 }, (_, i) => item(i)).join('')}${more.join('')}kind: ` +
    `List\nmetadata: {}\n`;

  test('is read in pieces to what it is in one piece, with its lines', () => {
    const text = list(item(7));
    expect(text.length).toBeGreaterThan(256 * 1024);
    const [long] = documentsOf(text);
    const whole = readYaml(text)!;
    expect(long).toMatchObject({ value: whole.value, twice: [] });
    expect((long as ReadDocument).lineOf(['items', 700, 'metadata'])).toBe(
      whole.lineOf(['items', 700, 'metadata']),
    );
    const path = file('a.yaml', text);
    expect(() => read(path)).toThrow(`Pod default/p7: ${path}:46 and ${path}:7204`);
  });

  test('is read in one piece if its items share an anchor, and errors are reported with their line', () => {
    const shared = list(
      '- {apiVersion: v1, kind: Pod, metadata: &m {name: a}}\n',
      '- {apiVersion: v1, kind: Job, metadata: *m}\n',
    );
    expect(names(read(file('a.yaml', shared))).slice(-2)).toEqual(['a', 'a']);
    const path = file('b.yaml', `${pod('one')}\n---\n${list('- {a: [1\n')}`);
    expect(read(path).problems).toEqual([expect.stringMatching(/b\.yaml:720[67]: /)]);
  });

  test('of another kind is refused by its size before it takes all memory', () => {
    const path = file(
      'a.yaml',
      `${pod('one')}\n---\na: |\n${`  ${'x'.repeat(1_000)}\n`.repeat(25_200)}`,
    );
    expect(read(path).problems).toEqual([
      `${path}:2: is a YAML document of 24 MiB; split it, or give it as JSON`,
    ]);
  });
});

describe('the same object twice', () => {
  const gateway = (name: string, version = 'v1'): string =>
    `apiVersion: networking.istio.io/${version}\nkind: Gateway\nmetadata: {name: ${name}, namespace: edge}\n`;

  test('in two files is refused with both places, in whatever version it is written', () => {
    const base = file('base/gw.yaml', `${pod('one')}\n---\n${gateway('web')}`);
    const overlay = file('overlay/gw.yaml', `# changed\n${gateway('web', 'v1beta1')}`);
    expect(() => read(base, overlay)).toThrow(
      'the same object is defined twice; render the files first (kubectl kustomize ' +
        'DIRECTORY), leave one of the two out, or let the last one count with ' +
        `--overlay\nGateway edge/web: ${base}:3 and ${overlay}:2`,
    );
  });

  test('with and without its namespace, in a List, in JSON, and in one file is the same', () => {
    const a = file(
      'a.yaml',
      `apiVersion: v1\nkind: List\nitems:\n- ${pod('one')}\n- ${pod('two')}\n`,
    );
    const b = file(
      'b.json',
      JSON.stringify(
        {
          apiVersion: 'v1',
          kind: 'PodList',
          items: [
            { metadata: { name: 'three' } },
            { metadata: { name: 'two', namespace: 'default' } },
          ],
        },
        null,
        1,
      ),
    );
    expect(() => read(a, b)).toThrow(`Pod default/two: ${a}:5 and ${b}:10`);
    const c = file('c.yaml', `${pod('x')}\n---\n${pod('x')}\n`);
    expect(() => read(c)).toThrow(`Pod default/x: ${c}:1 and ${c}:3`);
  });

  test('is another one in another group, namespace or kind, or without a name', () => {
    const others = [
      gateway('web'),
      gateway('web').replace('networking.istio.io', 'gateway.networking.k8s.io'),
      gateway('web').replace('edge', 'other'),
      gateway('web').replace('Gateway', 'VirtualService'),
      ...Array.from(
        { length: 2 },
        () => 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: x}\n',
      ),
    ];
    expect(read(file('a.yaml', others.join('---\n'))).objects).toHaveLength(6);
  });

  test('counts as the last one with --overlay, which is reported', () => {
    const base = file('base.yaml', `${gateway('web')}spec: {a: 1}\n---\n${gateway('other')}`);
    const overlay = file('overlay.yaml', `${gateway('web')}spec: {a: 2}\n`);
    const found = readManifests({
      file: [base, overlay],
      recursive: false,
      namespace: 'default',
      overlay: true,
    });
    expect(found.objects).toMatchObject([
      { metadata: { name: 'web' }, spec: { a: 2 } },
      { metadata: { name: 'other' } },
    ]);
    expect(found.notes).toEqual([`Gateway edge/web of ${overlay}:1 replaces the one of ${base}:1`]);
  });

  test('by another path to the same file is read once, which is reported', () => {
    const path = file('dir/a.yaml', pod('one'));
    symlinkSync('a.yaml', join(folder, 'dir/b.yaml'));
    symlinkSync('..', join(folder, 'dir/up'));
    const found = readManifests({
      file: [join(folder, 'dir'), path, join(folder, 'dir/up')],
      recursive: true,
      namespace: 'default',
    });
    expect(names(found)).toEqual(['one']);
    expect(found.skipped).toEqual([
      `${path}: is ${path} again; read once`,
      `${join(folder, 'dir/b.yaml')}: is ${path} again, by another path; read once`,
      `${join(folder, 'dir/up/dir/a.yaml')}: is ${path} again, by another path; read once`,
      `${join(folder, 'dir/up/dir/b.yaml')}: is ${path} again, by another path; read once`,
    ]);
  });
});
