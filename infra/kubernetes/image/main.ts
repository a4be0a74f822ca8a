/**
 * `npm run images`: the base image, the two images of a release and the archive for one host, in the
 * folder `images`, with their bill of materials and licences. The same commit gives the same digests. With `--lock`, the
 * newest versions of the Debian packages are written to `packages.json` instead.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import { bundle } from '../../build/esbuild.ts';
import { findTargets } from '../../build/targets.ts';
import {
  ARCHITECTURES,
  differencesOf,
  mmdebstrapArgs,
  PackageLock,
  sourcesOf,
  type Architecture,
  type DebianArchitecture,
} from './debian.ts';
import { licencesText, readPackage } from './licences.ts';
import { assembleRoot, readFetched, tarArgs, type Fetched } from './root.ts';
import { NpmSbom, packagesIn, sbomOf } from './sbom.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const LOCK = join(import.meta.dirname, 'packages.json');
const OUT = join(ROOT, 'images');
/** What the Containerfiles may copy. */
const CONTEXT = join(OUT, 'context');

const MEBI = 1_048_576;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const REMEDY =
  'If a version is not there, name a mirror that has it in SLUICE_DEBIAN_MIRROR and ' +
  'SLUICE_DEBIAN_SECURITY_MIRROR, or renew the lock with "npm run images -- --lock".';

/** What the command prints; throws with its name, and with the remedy. */
function run(command: string, args: readonly string[], remedy = ''): string {
  try {
    return execFileSync(command, args, {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * MEBI,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  } catch (error) {
    const absent = (error as { code?: string }).code === 'ENOENT';
    throw new Error(
      absent
        ? `${command} is absent; install Debian's packages mmdebstrap and buildah`
        : `${command} failed; its message is above. ${remedy}`.trim(),
      { cause: error },
    );
  }
}

/** Time of all files, in seconds. */
function epochOf(): number {
  const asked = process.env['SOURCE_DATE_EPOCH'] ?? run('git', ['log', '-1', '--format=%ct']);
  const epoch = Number(asked);
  if (!Number.isInteger(epoch) || epoch < 0)
    throw new Error(`SOURCE_DATE_EPOCH is ${asked.trim()}; set it to seconds since 1970`);
  return epoch;
}

/** Throws on other machines: Node.js is that of this one. */
function here(): Architecture {
  const found = process.platform === 'linux' ? ARCHITECTURES.get(process.arch) : undefined;
  if (found === undefined)
    throw new Error(
      `images are built on Linux on ${[...ARCHITECTURES.keys()].join(' or ')}, not on ` +
        `${process.platform} on ${process.arch}`,
    );
  return found;
}

/** Fetches the packages into `folder/var/cache/apt/archives`. */
function fetchPackages(
  lock: PackageLock,
  architecture: DebianArchitecture,
  pinned: boolean,
): readonly Fetched[] {
  const folder = join(OUT, 'fetched');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const sources = sourcesOf(lock, process.env);
  const output = join(folder, 'fetched.tar');
  say(`Debian packages from ${sources.join(', ')}`);
  run('mmdebstrap', mmdebstrapArgs({ lock, architecture, pinned, sources, output }), REMEDY);
  run('tar', ['-xf', output, '-C', folder, '--no-same-owner', './var/cache/apt/archives']);
  return readFetched(join(folder, 'var/cache/apt/archives'));
}

/** Renews the lock of this architecture and the others. */
function writeLock(lock: PackageLock): void {
  const packages = [...ARCHITECTURES.values()].map(({ debian }) => [
    debian,
    fetchPackages(lock, debian, false).map(({ name, version, sha256 }) => ({
      name,
      version,
      sha256,
    })),
  ]);
  const snapshot = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const next = { ...lock, snapshot, packages: Object.fromEntries(packages) as object };
  writeFileSync(LOCK, `${JSON.stringify(next, null, 2)}\n`);
  say(`wrote ${LOCK}`);
}

/** `context/root.tar` of the base image. */
function makeRoot(lock: PackageLock, epoch: number): readonly Fetched[] {
  const architecture = here();
  const packages = fetchPackages(lock, architecture.debian, true);
  const different = differencesOf(lock.packages[architecture.debian], packages);
  if (different.length > 0)
    throw new Error(
      `The Debian packages are not those of ${LOCK}:\n${different.join('\n')}\n${REMEDY}`,
    );
  const unpacked = join(OUT, 'fetched/unpacked');
  for (const { file } of packages) run('dpkg-deb', ['-x', file, unpacked]);
  const root = join(OUT, 'fetched/root');
  assembleRoot(root, { unpacked, packages, architecture, node: nodePackage() });
  run('tar', tarArgs(join(CONTEXT, 'root.tar'), epoch, [`--directory=${root}`, '.']));
  return packages;
}

/** Node.js as npm installs it. */
function nodePackage(): string {
  return join(ROOT, `node_modules/node-linux-${process.arch}`);
}

/** `context/dist`: the bundles, with licences and the bill of materials beside what all share. */
async function makeBundles(debian: readonly Fetched[], epoch: number): Promise<void> {
  const out = join(CONTEXT, 'dist');
  const { inputs } = await bundle(findTargets(ROOT, out), ROOT, out);
  const packages = packagesIn(inputs).map((path) => readPackage(join(ROOT, path)));
  const node = readPackage(nodePackage());
  const listed = run('npm', ['sbom', '--sbom-format', 'cyclonedx']);
  const files = {
    'THIRD-PARTY-LICENSES.txt': licencesText(packages),
    'sbom.cdx.json': sbomOf({
      version: VERSION,
      epoch,
      architecture: here().debian,
      debian,
      node: {
        version: node.version,
        sha256: createHash('sha256')
          .update(readFileSync(join(nodePackage(), 'bin/node')))
          .digest('hex'),
      },
      packages,
      npm: NpmSbom.parse(JSON.parse(listed)),
    }),
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(out, 'shared', name), text);
    writeFileSync(join(OUT, name), text);
  }
}

const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};
/** The base first. */
const IMAGES = [
  ['sluice-base', 'Containerfile.base'],
  ['sluice', 'Containerfile.sluice'],
  ['sluice-watch', 'Containerfile.watch'],
] as const;
/** Images that exist nowhere else. */
const STORAGE = [
  '--root',
  join(OUT, 'storage'),
  '--runroot',
  join(OUT, 'run'),
  '--storage-driver',
  'vfs',
];

/** What one host needs, as an archive: the bundles and Node.js in the folder `sluice`. */
function packCommand(epoch: number): void {
  const output = join(OUT, `sluice-${VERSION}-linux-${here().debian}.tar.gz`);
  const files = [
    '--transform=s,^dist,sluice,;s,^node$,sluice/node,',
    `--directory=${CONTEXT}`,
    'dist',
    `--directory=${join(nodePackage(), 'bin')}`,
    'node',
  ];
  run('tar', tarArgs(output, epoch, files));
  say(`${output} ${Math.round(statSync(output).size / MEBI)} MiB`);
}

/** Builds one image, writes it as an OCI archive, and prints its digest. */
function buildImage(name: string, containerfile: string, epoch: number): void {
  const tag = `localhost/${name}:${VERSION}`;
  run('buildah', [
    ...STORAGE,
    'build',
    '--quiet',
    // Nothing is run inside; "chroot" needs no rights beyond those of the user.
    '--isolation=chroot',
    '--layers=false',
    // The version of buildah would be part of the digest.
    '--identity-label=false',
    `--timestamp=${epoch}`,
    `--build-arg=BASE=localhost/sluice-base:${VERSION}`,
    `--file=${join(import.meta.dirname, containerfile)}`,
    `--tag=${tag}`,
    CONTEXT,
  ]);
  const archive = join(OUT, `${name}.oci.tar`);
  rmSync(archive, { force: true });
  const digest = join(OUT, `${name}.digest`);
  run('buildah', [
    ...STORAGE,
    'push',
    '--quiet',
    `--digestfile=${digest}`,
    tag,
    // With its name, because "podman load" calls the image after it.
    `oci-archive:${archive}:${name}:${VERSION}`,
  ]);
  const size = Math.round(statSync(archive).size / MEBI);
  say(`${name}:${VERSION} ${readFileSync(digest, 'utf8').trim()} ${size} MiB`);
}

async function main(): Promise<void> {
  const lock = PackageLock.parse(JSON.parse(readFileSync(LOCK, 'utf8')));
  if (process.argv.includes('--lock')) return writeLock(lock);
  // Modes of new files and folders do not depend on the user.
  process.umask(0o022);
  rmSync(CONTEXT, { recursive: true, force: true });
  mkdirSync(CONTEXT, { recursive: true });
  const epoch = epochOf();
  await makeBundles(makeRoot(lock, epoch), epoch);
  packCommand(epoch);
  for (const [name, containerfile] of IMAGES) buildImage(name, containerfile, epoch);
  // Those of an earlier commit.
  run('buildah', [...STORAGE, 'rmi', '--prune', '--force']);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
}
