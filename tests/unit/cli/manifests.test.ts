import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readManifests, type Manifests } from '../../../functions/cli/manifests/read-manifests.ts';

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
    expect(found.skipped).toEqual([
      `${join(folder, 'loop.yaml')}: leads nowhere`,
      `${join(folder, 'pipe.yaml')}: is a named pipe, not a file`,
      `${join(folder, 'socket.json')}: is a socket, not a file`,
      `${join(folder, 'zero.yaml')}: is a device, not a file`,
    ]);
    expect(path).toContain('a.yaml');
  });

  test('and is named by the user is refused, but for a pipe, which the shell makes of <(command)', () => {
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
      names(read(file('c.yaml', '{apiVersion: v1, kind: Pod, metadata: {name: flow}}'))),
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
      `${pod('one')}\n---\n{apiVersion: v1, kind: Node, metadata: {name: n}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: own}}`,
    );
    const { objects } = readManifests({ file: [path], recursive: false, namespace: 'team' });
    expect(
      objects.map((object) => (object as { metadata: { namespace?: string } }).metadata.namespace),
    ).toEqual(['team', undefined, 'own']);
  });
});

describe('what is wrong is said with its place', () => {
  test.each([
    ['a.yaml', 'hello', 'a.yaml: is a string, not a Kubernetes object'],
    [
      'a.json',
      '{"name": "x"}',
      'a.json: is not a Kubernetes object: it has no apiVersion and no kind',
    ],
    [
      'a.yaml',
      `${pod('one')}\n---\nkind: Pod\n`,
      'a.yaml, document 2: is not a Kubernetes object: it has no apiVersion',
    ],
    ['a.yaml', 'a: [1,2', 'a.yaml, document 1: Flow sequence'],
    ['a.json', '{"kind": "Pod",,}', 'a.json, document 1: Unexpected ,'],
  ])('%s with %j', (name, text, sentence) => {
    const path = file(name, text);
    expect(() => read(path)).toThrow(sentence);
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

  test('but what merely lies in a directory is skipped, and told', () => {
    file('dir/values.yaml', 'replicas: 3');
    file('dir/pod.yaml', pod('one'));
    const found = read(join(folder, 'dir'));
    expect(names(found)).toEqual(['one']);
    expect(found.skipped).toEqual([
      `${join(folder, 'dir/values.yaml')}: is not a Kubernetes object: it has no apiVersion and no kind`,
    ]);
  });
});
