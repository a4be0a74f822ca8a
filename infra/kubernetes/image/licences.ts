/** The licences of what is bundled, in one text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { NpmPackage } from './sbom.ts';

const Manifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
});

/** A bundled package with its licence; `texts` are the files that contain it. */
export interface LicensedPackage extends NpmPackage {
  readonly license: string;
  readonly texts: readonly string[];
}

const IS_LICENCE = /^(licen[cs]e|copying|notice)\b/i;

/** Reads a package of node_modules. Throws if it does not name its licence. */
export function readPackage(folder: string): LicensedPackage {
  const { name, version, license } = Manifest.parse(
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  );
  if (license === undefined)
    throw new Error(`${name} ${version} does not name its licence in ${folder}/package.json`);
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isFile() && IS_LICENCE.test(each.name))
    .map((each) => each.name)
    .sort();
  return {
    name,
    version,
    license,
    texts: files.map((file) => readFileSync(join(folder, file), 'utf8').trim()),
  };
}

/** One section for each package, in the order given. */
export function licencesText(packages: readonly LicensedPackage[]): string {
  const head =
    'Sluice contains code of these packages. Node.js and the packages of Debian have their licences in\n' +
    '/nodejs/LICENSE and /usr/share/doc/*/copyright.\n';
  const sections = packages.map(({ name, version, license, texts }) => {
    const missing = `The package has no text of it; see https://spdx.org/licenses/${license}.html.`;
    const said = texts.length === 0 ? [missing] : texts;
    return [`${name} ${version} (${license})`, ...said].join('\n\n');
  });
  return `${[head, ...sections].join(`\n${'-'.repeat(80)}\n\n`)}\n`;
}
