/**
 * Writes the golden files of a release, as it once wrote tests/fixtures/golden/0.1.0:
 * `node tests/contract/golden/generate.ts <directory>`. Run it by hand for a new release, after "npm
 * run build", with Debian's postgresql. It refuses an existing directory, because golden files never
 * change. With `--added`, it writes only what 0.1.0 left no sample of.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { COMMANDS, startCommandLine } from './cli.ts';
import { filesIn, golden, sha256, textFiles, writeStore } from './files.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { dumpedByPostgres } from './dump.ts';
import { addedFiles } from './inputs/added.ts';
import { fillQueues } from './inputs/queue.ts';
import { presentNames } from './names.ts';

const [target = '', only] = process.argv.slice(2);
const root = resolve(target);
if (target === '' || existsSync(root))
  throw new Error(`${target || 'nothing'}: name a directory that is not there yet`);

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** What 0.1.0 has samples of. */
async function putRelease(): Promise<void> {
  for (const [path, text] of await textFiles()) put(path, text);
  put('sightings.json', golden('sightings.json'));
  for (const name of ['minimal', 'one-host', 'aws']) {
    const text = golden(`configuration/${name}.yaml`);
    put(`configuration/${name}.yaml`, text);
    put(`configuration/${name}.json`, `${JSON.stringify(parseConfig(text, name, 1), null, 1)}\n`);
  }
  // Resource kinds among the Event reasons, and log fields without information, are taken out by
  // hand.
  put('names.json', `${JSON.stringify(await presentNames(), null, 1)}\n`);
  put('failures.jsonl', await writeStore(join(root, 'failures')));
  rmSync(join(root, 'failures', '.lock'), { force: true });

  for (const file of ['manifests.yaml', 'cis.yaml']) put(`cli/${file}`, golden(`cli/${file}`));
  const line = await startCommandLine(resolve('dist/cli/sluice.mjs'));
  for (const name of Object.keys(COMMANDS))
    put(`cli/${name}.json`, `${JSON.stringify(await line.run(name), null, 1)}\n`);
  await line.close();

  const scratch = mkdtempSync(join(tmpdir(), 'sluice-golden-'));
  await fillQueues(join(scratch, 'queue.sqlite'));
  // Closing it has put everything into this one file.
  put('queue.sqlite', readFileSync(join(scratch, 'queue.sqlite')));
  rmSync(scratch, { recursive: true });
}

for (const [path, text] of await addedFiles()) put(path, text);
put('postgres.sql', await dumpedByPostgres());
if (only !== '--added') await putRelease();

const sums = filesIn(root).map((path) => `${sha256(readFileSync(join(root, path)))}  ${path}\n`);
put('SHA256SUMS', sums.join(''));
process.stdout.write(`${sums.length} files in ${root}\n`);
