/** The bill of materials of the images in CycloneDX: Debian packages, Node.js, and what is bundled. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { DebianArchitecture, DebianPackage } from './debian.ts';

const Component = z.looseObject({ 'bom-ref': z.string(), name: z.string(), version: z.string() });
type Component = z.infer<typeof Component>;

/** As `npm sbom --sbom-format cyclonedx` prints it. */
export const NpmSbom = z.looseObject({ components: z.array(Component).max(10_000) });

/** A package from a registry of npm. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
}

/**
 * Paths of the packages, relative to the root and sorted, that files of a build come from:
 * `node_modules/a/node_modules/@b/c`.
 */
export function packagesIn(inputs: readonly string[]): readonly string[] {
  const found = inputs.flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? [],
  );
  return [...new Set(found)].sort();
}

/** The components of these packages. Throws for one that npm does not know. */
function componentsOf(
  packages: readonly NpmPackage[],
  { components }: z.infer<typeof NpmSbom>,
): readonly Component[] {
  const refs = [...new Set(packages.map(({ name, version }) => `${name}@${version}`))].sort();
  return refs.map((ref) => {
    const found = components.find((each) => each['bom-ref'] === ref);
    if (found === undefined)
      throw new Error(`${ref} is bundled, but "npm sbom" does not list it; run "npm ci"`);
    return found;
  });
}

/** What an image contains. */
export interface Contents {
  readonly version: string;
  /** Seconds. */
  readonly epoch: number;
  readonly architecture: DebianArchitecture;
  readonly debian: readonly DebianPackage[];
  readonly node: { readonly version: string; readonly sha256: string };
  /** The bundled packages of npm. */
  readonly packages: readonly NpmPackage[];
  readonly npm: z.infer<typeof NpmSbom>;
}

const sha256 = (content: string): readonly object[] => [{ alg: 'SHA-256', content }];

function ofDebian(
  { name, version, sha256: hash }: DebianPackage,
  architecture: DebianArchitecture,
): object {
  return {
    type: 'library',
    'bom-ref': `debian:${name}`,
    name,
    version,
    purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
    hashes: sha256(hash),
  };
}

function ofNode({ version, sha256: hash }: Contents['node']): object {
  return {
    type: 'platform',
    'bom-ref': 'node',
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    hashes: sha256(hash),
    licenses: [{ license: { id: 'MIT' } }],
  };
}

/** Made of the components, so that the same ones have the same serial number. */
function serialNumber(components: readonly object[], purl: string): string {
  const id = createHash('sha256').update(JSON.stringify(components)).update(purl).digest('hex');
  const [, a, b, c, d, e] = /^(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(id) ?? [];
  return `urn:uuid:${a}-${b}-8${c}-8${d}-${e}`;
}

/** The document, byte for byte the same from the same contents. */
export function sbomOf(contents: Contents): string {
  const { version, epoch, architecture, debian, node, packages, npm } = contents;
  const purl = `pkg:generic/sluice@${version}`;
  const components = [
    ...debian.map((each) => ofDebian(each, architecture)),
    ofNode(node),
    ...componentsOf(packages, npm),
  ];
  const component = {
    type: 'application',
    'bom-ref': purl,
    name: 'sluice',
    version,
    purl,
    licenses: [{ license: { id: 'Apache-2.0' } }],
  };
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: serialNumber(components, purl),
    version: 1,
    metadata: { timestamp: new Date(epoch * 1_000).toISOString(), component },
    components,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
