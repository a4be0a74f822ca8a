#!/usr/bin/env node
// In a separate file, because an older Node fails while it links the program, before any of its
// code runs.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `sluice: Node ${process.versions.node} is too old; use Node 22.19 or newer, or "npm run sluice -- …", which brings its own on Linux.\n`,
  );
  process.exit(1);
}
await import('./main.mjs');
