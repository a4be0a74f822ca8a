/** The root of the base image: libraries, CA certificates and Node.js, and what they expect. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Architecture, DebianPackage } from './debian.ts';

/** The user of the manifests. */
const USER = 65_532;

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/:/sbin/nologin\nnonroot:x:${USER}:${USER}:nonroot:/:/sbin/nologin\n`,
  'etc/group': `root:x:0:\nnonroot:x:${USER}:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/**
 * Where runtimes mount, and that of the program: otherwise WORKDIR of the other images would make it
 * for the user, who could then change it.
 */
const FOLDERS = ['dev', 'proc', 'run', 'sluice', 'sys'];

/** A .deb file of the folder, and its data. */
export interface Fetched extends DebianPackage {
  readonly file: string;
  /** The control file, which scanners read. */
  readonly control: string;
}

/** The packages of a folder, by name. */
export function readFetched(folder: string): readonly Fetched[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => {
      const file = join(folder, name);
      const field = (...names: readonly string[]): string =>
        execFileSync('dpkg-deb', ['-f', file, ...names], { encoding: 'utf8' }).trim();
      return {
        name: field('Package'),
        version: field('Version'),
        sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
        file,
        control: `${field()}\n`,
      };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A file that everybody may read, in folders that everybody may enter. */
function put(root: string, path: string, content: string | Uint8Array): void {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), content, { mode: 0o644 });
}

/** All certificates that Debian trusts, as update-ca-certificates writes them. */
function bundleCertificates(unpacked: string): string {
  const folder = join(unpacked, 'usr/share/ca-certificates/mozilla');
  return readdirSync(folder)
    .sort()
    .map((name) => `${readFileSync(join(folder, name), 'utf8').trim()}\n`)
    .join('');
}

/** The shared libraries with the loader, without tables of character sets. */
function copyLibraries(unpacked: string, root: string, { libraries, loader }: Architecture): void {
  const copy = (folder: string, wanted: (name: string) => boolean): void => {
    mkdirSync(join(root, folder), { recursive: true });
    for (const each of readdirSync(join(unpacked, folder), { withFileTypes: true }))
      if (!each.isDirectory() && wanted(each.name))
        cpSync(join(unpacked, folder, each.name), join(root, folder, each.name), {
          verbatimSymlinks: true,
        });
  };
  copy(libraries, () => true);
  copy(loader, (name) => name.startsWith('ld-linux'));
  for (const folder of new Set(['usr/lib', loader]))
    symlinkSync(folder, join(root, folder.slice(4)));
}

/**
 * Writes the root into an empty folder. `unpacked` has the files of all packages, `node` is the
 * folder of the npm package with Node.js.
 */
export function assembleRoot(
  root: string,
  from: {
    readonly unpacked: string;
    readonly packages: readonly Fetched[];
    readonly architecture: Architecture;
    readonly node: string;
  },
): void {
  const { unpacked, packages, architecture, node } = from;
  mkdirSync(join(root, 'tmp'), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const name of FOLDERS) mkdirSync(join(root, name));
  copyLibraries(unpacked, root, architecture);
  for (const [path, text] of Object.entries(FILES)) put(root, path, text);
  put(root, 'usr/lib/os-release', readFileSync(join(unpacked, 'usr/lib/os-release')));
  symlinkSync('../usr/lib/os-release', join(root, 'etc/os-release'));
  put(root, 'etc/ssl/certs/ca-certificates.crt', bundleCertificates(unpacked));
  for (const { name, control } of packages) {
    put(root, `var/lib/dpkg/status.d/${name}`, control);
    // Of some, the folder is a link to that of another package.
    const copyright = `usr/share/doc/${name}/copyright`;
    if (existsSync(join(unpacked, copyright)))
      put(root, copyright, readFileSync(join(unpacked, copyright)));
  }
  put(root, 'nodejs/LICENSE', readFileSync(join(node, 'LICENSE')));
  mkdirSync(join(root, 'nodejs/bin'));
  copyFileSync(join(node, 'bin/node'), join(root, 'nodejs/bin/node'));
  chmodSync(join(root, 'nodejs/bin/node'), 0o755);
}

/**
 * Arguments of tar for the same bytes from the same files, whoever owns them and whenever they were
 * made. `files` are the last arguments, in the order of the archive.
 */
export function tarArgs(
  output: string,
  epoch: number,
  files: readonly string[],
): readonly string[] {
  return [
    '--create',
    '--auto-compress',
    `--file=${output}`,
    '--sort=name',
    `--mtime=@${epoch}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--format=gnu',
    ...files,
  ];
}
