import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { importsOf, inside, sources } from './support.ts';

/** From the bottom up: a folder imports from those below it, never from one beside it. */
const SHARED = [
  ['shared/domain'],
  ['shared/telemetry'],
  ['shared/runtime'],
  ['shared/config'],
  ['shared/device', 'shared/postgres'],
  ['shared/bigip', 'shared/kubernetes', 'shared/queue'],
  ['shared/host'],
  ['shared/failures'],
  ['shared/operations'],
];

const DOMAIN = [
  // Folders that belong to no layer.
  [...files('shared/domain'), 'shared/domain/text', 'shared/domain/net', 'shared/domain/codes'],
  ['shared/domain/snapshot'],
  ['shared/domain/istio', 'shared/domain/address-pools', 'shared/domain/paths'],
  ['shared/domain/exposure', 'shared/domain/take-over'],
  ['shared/domain/declared'],
  ['shared/domain/steering', 'shared/domain/express'],
  ['shared/domain/plan'],
  ['shared/domain/addresses'],
];
const BIGIP = [
  ['shared/bigip/as3'],
  ['shared/bigip/rest'],
  ['shared/bigip/state'],
  ['shared/bigip/net'],
  ['shared/bigip/ha'],
  ['shared/bigip/drift'],
  ['shared/bigip/capabilities.ts'],
  ['shared/bigip/device.ts', 'shared/bigip/node-access.ts'],
];
const PAGE = [
  ['functions/console/page/api/answers.ts', 'functions/console/page/files.ts'],
  ['functions/console/page/logic'],
  ['functions/console/page/api'],
  ['functions/console/page/parts'],
  ['functions/console/page/rooms'],
  ['functions/console/page/main.tsx'],
];
const EXPOSURE = [['shared/domain/exposure/settings'], ['shared/domain/exposure/sources']];

function files(folder: string): readonly string[] {
  return sources(folder).filter((file) => dirname(file) === folder);
}

function folderOf(path: string, folders: readonly string[]): string | undefined {
  return folders.find((folder) => inside(path, folder));
}

function wrongImports(
  layers: readonly (readonly string[])[],
  from: readonly string[],
): readonly string[] {
  const folders = layers.flat();
  const level = (path: string): number => {
    const folder = folderOf(path, folders);
    return layers.findIndex((layer) => folder !== undefined && layer.includes(folder));
  };
  return from.flatMap(importsOf).flatMap(({ file, target }) => {
    if (level(file) < 0) return [`${file} is in no layer`];
    const same = folderOf(file, folders) === folderOf(target, folders);
    return same || level(target) < level(file) ? [] : [`${file} imports ${target}`];
  });
}

describe('each folder imports only from those below it', () => {
  test('in shared', () => {
    expect(wrongImports(SHARED, sources('shared'))).toEqual([]);
  });

  test('in shared/domain', () => {
    expect(wrongImports(DOMAIN, sources('shared/domain'))).toEqual([]);
  });

  test('in shared/bigip', () => {
    expect(wrongImports(BIGIP, sources('shared/bigip'))).toEqual([]);
  });

  test('in the page of the console', () => {
    expect(wrongImports(PAGE, sources('functions/console/page'))).toEqual([]);
  });

  test('in the settings of exposures and their sources', () => {
    expect(wrongImports(EXPOSURE, EXPOSURE.flat().flatMap(sources))).toEqual([]);
  });
});
