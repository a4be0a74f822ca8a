#!/usr/bin/env node
// In a separate file, because an older Node fails while it links the program, before any of its
// code runs.
import { statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import v8 from 'node:v8';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 21)) {
  process.stderr.write(
    `sluice: Node ${process.versions.node} is too old; use Node 22.21 or newer, or "npm run sluice -- …", which brings its own on Linux.\n`,
  );
  process.exit(1);
}
// Loading the functions would make the young generation grow to 32 MB, and V8 shrinks it only in a
// full collection. `up` lets it grow once all is loaded.
if (process.argv[2] === 'up') v8.setFlagsFromString('--semi-space-growth-factor=1');
// Compiling takes a fifth of the start. The result is kept in the folder of this file, because who
// can write there could replace the program as well, and only for the owner of the folder: the next
// build could not remove what another user left there, such as root.
if (process.getuid?.() === statSync(import.meta.dirname).uid)
  module.enableCompileCache(join(import.meta.dirname, 'compile-cache'));
await import('./main.mjs');
