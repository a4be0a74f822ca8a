/**
 * `node infra/build/node.mjs infra/lab/crd-schemas.ts FOLDER`: regenerates the lab's schemas of
 * custom resources from a folder of CRDs.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compactDefinitions } from './kubernetes/custom/compact.ts';
import { schemaFile } from './kubernetes/custom/schema.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write(
    'Name the folder with the CustomResourceDefinitions (.yaml): node ' +
      'infra/build/node.mjs infra/lab/crd-schemas.ts FOLDER\n',
  );
  process.exitCode = 2;
} else {
  const manifests = readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort();
  writeFileSync(
    schemaFile,
    compactDefinitions(manifests.map((name) => readFileSync(join(folder, name), 'utf8'))),
  );
}
