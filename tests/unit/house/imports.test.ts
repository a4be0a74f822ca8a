import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Import, importsOf, inside, root, sources } from './support.ts';

const all = ['functions', 'shared', 'infra', 'tests'].flatMap(sources).flatMap(importsOf);
const offenders = (bad: (i: Import) => boolean): string[] =>
  all.filter(bad).map((i) => `${i.file}: ${i.text}`);

/** Texts with an option, which are neither one word of a command nor name the command. */
function optionsIn(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '');
  return [...code.matchAll(/(['"`])(?:(?!\1).)*--[a-z](?:(?!\1).)*\1/g)]
    .map(([found]) => found)
    .filter((found) => !/^.--[a-z-]+.$|\b(?:sluice|kubectl) /.test(found));
}

describe('the boundaries of the architecture', () => {
  test('shared/domain imports itself and pure libraries only', () => {
    expect(
      offenders(
        (i) =>
          inside(i.file, 'shared/domain') &&
          !inside(i.target, 'shared/domain') &&
          !['zod', 'ipaddr.js'].includes(i.target),
      ),
    ).toEqual([]);
  });

  test('addresses are read at one place, because ipaddr.js alone accepts too much', () => {
    const strict = 'shared/domain/net/ip.ts';
    expect(all.filter((i) => i.target === 'ipaddr.js').map(({ file }) => file)).toEqual([strict]);
  });

  test('shared/domain uses no clock and no random numbers', () => {
    const impure = sources('shared/domain').filter((file) =>
      /Date\.now|new Date\(\)|Math\.random|\bprocess\.\w|setTimeout/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
    );
    expect(impure).toEqual([]);
  });

  test('only shared/kubernetes imports the Kubernetes client, only shared/queue the SQS client', () => {
    expect(
      offenders(
        (i) =>
          i.target.startsWith('@kubernetes/') &&
          !inside(i.file, 'shared/kubernetes') &&
          !inside(i.file, 'tests'),
      ),
    ).toEqual([]);
    const sqs = (i: Import): boolean =>
      i.target === '@aws-sdk/client-sqs' &&
      !inside(i.file, 'shared/queue') &&
      !inside(i.file, 'tests') &&
      !inside(i.file, 'infra/lab');
    expect(offenders(sqs)).toEqual([]);
  });

  test('only shared/postgres imports the PostgreSQL client', () => {
    expect(
      offenders(
        (i) => i.target === 'pg' && !inside(i.file, 'shared/postgres') && !inside(i.file, 'tests'),
      ),
    ).toEqual([]);
  });

  test('only the adapters of BIG-IP and Kubernetes use HTTP', () => {
    // The watcher's probes and metrics are served there: it serves HTTP, and makes no calls.
    const serves = 'functions/watch/serve/http.ts';
    const allowed = ['shared/bigip', 'shared/kubernetes', 'infra/lab', 'tests', serves];
    expect(sources('functions').filter((file) => file === serves)).toEqual([serves]);
    expect(/\b(request|get|fetch)\(/.test(readFileSync(join(root, serves), 'utf8'))).toBe(false);
    expect(
      offenders(
        (i) =>
          (i.target === 'undici' || /^node:https?$/.test(i.target)) &&
          !allowed.some((folder) => inside(i.file, folder)),
      ),
    ).toEqual([]);
  });

  test('devices are a port: only what opens them imports the adapter of BIG-IP', () => {
    const adapter = (i: Import): boolean =>
      inside(i.target, 'shared/bigip') && !inside(i.file, 'shared/bigip');
    const importing = ['functions', 'shared'].flatMap(sources).flatMap(importsOf).filter(adapter);
    expect([...new Set(importing.map(({ file }) => file))].toSorted()).toEqual([
      'shared/host/devices.ts',
      'shared/host/nodes.ts',
    ]);
  });

  test('functions never import each other', () => {
    const folder = (path: string): string => path.split('/').slice(0, 2).join('/');
    expect(
      offenders(
        (i) =>
          inside(i.file, 'functions') &&
          inside(i.target, 'functions') &&
          folder(i.file) !== folder(i.target),
      ),
    ).toEqual([]);
  });

  test('the page of the console has no code of the server: only types, and a few pure modules', () => {
    const PAGE = 'functions/console/page';
    const PACKAGES = ['preact', 'preact/hooks', '@preact/signals', '@tanstack/virtual-core'];
    const pure = [
      'shared/domain/text',
      'shared/telemetry/visible.ts',
      'shared/operations/manifests',
      'shared/operations/plan/words.ts',
      'functions/console/http/rights.ts',
    ];
    const isType = (text: string): boolean => /^(import|export) type\b/.test(text);
    expect(
      offenders(
        (i) =>
          inside(i.file, PAGE) &&
          !inside(i.target, PAGE) &&
          !PACKAGES.includes(i.target) &&
          !isType(i.text) &&
          !pure.some((folder) => inside(i.target, folder)),
      ),
    ).toEqual([]);
    const impure = sources(`${PAGE}/logic`).filter((file) =>
      /Date\.now|new Date\(\)|\b(?:document|window|location|history|fetch|setTimeout)\b[.(]/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
    );
    expect(impure).toEqual([]);
    // The server takes its files and its addresses from there.
    const taken = ['files.ts', 'logic/place.ts'].map((file) => `${PAGE}/${file}`);
    expect(
      offenders(
        (i) =>
          !inside(i.file, PAGE) &&
          !inside(i.file, 'tests') &&
          inside(i.target, PAGE) &&
          !taken.includes(i.target),
      ),
    ).toEqual([]);
  });

  test('nothing of the product imports the lab, and shared imports no function', () => {
    expect(
      offenders(
        (i) =>
          inside(i.target, 'infra/lab') && !inside(i.file, 'infra/lab') && !inside(i.file, 'tests'),
      ),
    ).toEqual([]);
    expect(offenders((i) => inside(i.file, 'shared') && inside(i.target, 'functions'))).toEqual([]);
  });

  test('operations name no option of a command, except in a whole command', () => {
    // What they do exists only as this command: its values are named as its options.
    const ofOneCommand = [
      'shared/operations/network/setup.ts',
      'shared/operations/network/setup-values.ts',
    ];
    // Kubeconfigs, which only commands have, and commands over several lines.
    const ofKubeconfig = ['shared/operations/objects/read-cluster.ts', 'shared/operations/doctor'];
    const allowed = [...ofOneCommand, ...ofKubeconfig];
    const naming = sources('shared/operations').flatMap((file) =>
      allowed.some((one) => inside(file, one))
        ? []
        : optionsIn(readFileSync(join(root, file), 'utf8')).map((text) => `${file}: ${text}`),
    );
    expect(naming).toEqual([]);
    expect(optionsIn("throw new Error('name it with --device');")).toEqual([
      "'name it with --device'",
    ]);
  });

  test('operations use no terminal and no process, and nothing below imports them', () => {
    const terminal = [
      'commander',
      'shared/telemetry/terminal.ts',
      'shared/runtime/process.ts',
      'node:process',
    ];
    expect(
      offenders((i) => inside(i.file, 'shared/operations') && terminal.includes(i.target)),
    ).toEqual([]);
    expect(
      sources('shared/operations').filter((file) =>
        /\bprocess\.\w|\bconsole\.(?:log|error|warn|info|debug)\b/.test(
          readFileSync(join(root, file), 'utf8'),
        ),
      ),
    ).toEqual([]);
    expect(
      offenders(
        (i) =>
          inside(i.target, 'shared/operations') &&
          inside(i.file, 'shared') &&
          !inside(i.file, 'shared/operations'),
      ),
    ).toEqual([]);
  });

  test('zod comes as a namespace: the named import keeps every locale in the bundles', () => {
    expect(
      offenders(
        (i) =>
          i.target === 'zod' &&
          !inside(i.file, 'tests') &&
          !/import (type )?\* as z from/.test(i.text),
      ),
    ).toEqual([]);
  });
});

describe('the size of files', () => {
  test('no source file is longer than 400 lines, most are under 250', () => {
    const lengths = ['functions', 'shared', 'infra']
      .flatMap(sources)
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }));
    expect(lengths.filter((f) => f.lines > 400)).toEqual([]);
    expect(lengths.filter((f) => f.lines > 250).length / lengths.length).toBeLessThan(0.1);
  });
});
