/** The Debian packages of the images: exact versions, fetched by mmdebstrap and compared by hash. */
import * as z from 'zod';

/** An architecture as Debian has it. */
export interface Architecture {
  readonly debian: DebianArchitecture;
  /** Folder of the shared libraries, and that of the loader, which links to one of them. */
  readonly libraries: string;
  readonly loader: string;
}
/** The name of an architecture in Debian. */
export type DebianArchitecture = 'amd64' | 'arm64';

/** Architectures by their names in Node. */
export const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([
  ['x64', { debian: 'amd64', libraries: 'usr/lib/x86_64-linux-gnu', loader: 'usr/lib64' }],
  ['arm64', { debian: 'arm64', libraries: 'usr/lib/aarch64-linux-gnu', loader: 'usr/lib' }],
]);

/** Fetched without what they depend on, because only files of them are used. */
const ALONE = ['base-files', 'ca-certificates'];
/** Fetched with what they depend on. */
const WITH_DEPENDENCIES = ['libc6', 'libstdc++6'];

const Package = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9+.-]{1,63}$/),
  version: z.string().regex(/^[0-9][A-Za-z0-9.+:~-]{0,99}$/),
  /** Of the .deb file. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
/** A package of the lock, or one that was fetched. */
export type DebianPackage = z.infer<typeof Package>;

/** `packages.json`: what `npm run images` fetches, and nothing else. */
export const PackageLock = z.strictObject({
  suite: z.string().regex(/^[a-z]+$/),
  /** Time of the archive that has all of them. */
  snapshot: z.string().regex(/^\d{8}T\d{6}Z$/),
  packages: z.record(z.enum(['amd64', 'arm64']), z.array(Package).max(50)),
});
export type PackageLock = z.infer<typeof PackageLock>;

/** The lines of sources.list: archives of the snapshot, or those that the variables name. */
export function sourcesOf(
  { suite, snapshot }: PackageLock,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const archive = (name: string): string =>
    `https://snapshot.debian.org/archive/${name}/${snapshot}`;
  const main = env['SLUICE_DEBIAN_MIRROR'] ?? archive('debian');
  const security = env['SLUICE_DEBIAN_SECURITY_MIRROR'] ?? archive('debian-security');
  return [`deb ${main} ${suite} main`, `deb ${security} ${suite}-security main`];
}

/**
 * Arguments of mmdebstrap, which extracts the packages into a tar without running their scripts.
 * The .deb files are kept in it. Without `pinned`, the newest versions are taken.
 */
export function mmdebstrapArgs(wanted: {
  readonly lock: PackageLock;
  readonly architecture: DebianArchitecture;
  readonly pinned: boolean;
  readonly sources: readonly string[];
  readonly output: string;
}): readonly string[] {
  const { lock, architecture, pinned, sources, output } = wanted;
  const locked = lock.packages[architecture];
  const said = ({ name, version }: DebianPackage): string => `${name}=${version}`;
  const resolved = pinned
    ? locked.filter(({ name }) => !ALONE.includes(name)).map(said)
    : WITH_DEPENDENCIES;
  const alone = pinned ? locked.filter(({ name }) => ALONE.includes(name)).map(said) : ALONE;
  return [
    '--variant=extract',
    '--format=tar',
    `--architectures=${architecture}`,
    `--include=${resolved.join(',')}`,
    // The archive of a past day is out of date on purpose.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--skip=cleanup/apt/cache',
    `--extract-hook=cd "$1/var/cache/apt/archives" && ` +
      `APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -q download ${alone.join(' ')}`,
    lock.suite,
    output,
    ...sources,
  ];
}

/** How the fetched packages differ from the lock, a sentence each; empty if they are the same. */
export function differencesOf(
  locked: readonly DebianPackage[],
  fetched: readonly DebianPackage[],
): readonly string[] {
  const named = (list: readonly DebianPackage[], name: string): DebianPackage | undefined =>
    list.find((each) => each.name === name);
  const missing = locked
    .filter(({ name }) => named(fetched, name) === undefined)
    .map(({ name }) => `${name} was not fetched`);
  const others = fetched.flatMap(({ name, version, sha256 }) => {
    const wanted = named(locked, name);
    if (wanted === undefined) return [`${name} ${version} is not in the lock`];
    if (wanted.version !== version)
      return [`${name} has version ${version} instead of ${wanted.version}`];
    if (wanted.sha256 !== sha256)
      return [
        `${name} ${version} has the hash ${sha256} instead of ${wanted.sha256}, ` +
          'so the mirror has another file than Debian',
      ];
    return [];
  });
  return [...missing, ...others];
}
