/**
 * `npm run oracle -- NAME`: holds what the lab pretends against a part that nobody here wrote; see
 * docs/oracles.md.
 */
import { as3Oracle } from './as3/index.ts';
import { bigipOracle } from './bigip/index.ts';
import { kubeOracle } from './kube/index.ts';
import type { Oracle } from './oracle.ts';

const ORACLES: Readonly<Record<string, Oracle>> = {
  as3: as3Oracle,
  bigip: bigipOracle,
  kube: kubeOracle,
};

const USAGE = Object.entries(ORACLES).map(
  ([name, { usage, what }]) => `npm run oracle -- ${name} ${usage}\n    ${what}`,
);

async function main([name = '', ...argv]: readonly string[]): Promise<number> {
  const oracle = Object.hasOwn(ORACLES, name) ? ORACLES[name] : undefined;
  if (oracle === undefined) {
    process.stderr.write(`${USAGE.join('\n')}\n`);
    return 1;
  }
  return oracle.run(argv, {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
  });
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`oracle: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
