/** Runs the rest of the command line on this Node; prints a message if it is too old for Sluice. */
import { spawn } from 'node:child_process';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 21)) {
  process.stderr.write(
    `sluice: Node ${process.versions.node} is too old; run this through npm after "npm ` +
      `ci" (it brings Node 24 on Linux), or use Node 22.21 or newer.\n`,
  );
  process.exit(1);
}
const child = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 128 + 15 : (code ?? 1)));
