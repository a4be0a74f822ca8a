/** The Helm chart as objects, and what it has in common with those of kustomize. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER, parseManifests, type Manifest } from './manifests.ts';
import { toolPath } from './tools.ts';

export const CHART = join(FOLDER, 'chart');

/** Arguments of helm for the values of an example with the configuration of an overlay. */
export function exampleArgs(name: string, overlay = name): readonly string[] {
  const config = join(FOLDER, 'overlays', overlay, 'sluice.yaml');
  return ['-f', join(CHART, 'examples', `${name}.yaml`), '--set-file', `config=${config}`];
}

/** Arguments of helm for single values. */
export function set(...values: readonly string[]): readonly string[] {
  return values.flatMap((value) => ['--set', value]);
}

/** Arguments of helm for an overlay's configuration with a change, instead of the example's. */
export function changedConfig(
  overlay: string,
  from: string | RegExp,
  to: string | ((text: string) => string),
): readonly string[] {
  const text = readFileSync(join(FOLDER, 'overlays', overlay, 'sluice.yaml'), 'utf8');
  const changed = text.replace(from, typeof to === 'string' ? () => to : to);
  if (changed === text) throw new Error(`overlay ${overlay} has no ${String(from)}`);
  return ['--set-literal', `config=${changed}`];
}

/** What a helm command prints; throws with what it complains about. */
export function helm(...args: readonly string[]): string {
  return execFileSync(toolPath('helm'), args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The objects of release `sluice` in `sluice-system`. */
export function rendered(args: readonly string[]): readonly Manifest[] {
  return parseManifests(helm('template', 'sluice', CHART, '-n', 'sluice-system', ...args));
}

/** What only Helm writes, and the hashes of a configuration, which both write differently. */
const OF_HELM = [
  'helm.sh/chart',
  'helm.sh/resource-policy',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/version',
  'checksum/config',
];
/** kustomize labels only what is in the base. */
const OF_ALL = ['app.kubernetes.io/name', 'app.kubernetes.io/part-of'];

type Json = string | number | boolean | null | undefined | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
function nameOf(value: Json): string {
  const name = isObject(value) ? (value['name'] ?? value['mountPath']) : undefined;
  return typeof name === 'string' ? name : '';
}

/** Lists of named things in one order; no empty lists and objects, which mean nothing. */
function comparable(value: Json): Json {
  if (Array.isArray(value)) {
    const items = value.map(comparable);
    return items.every((each) => nameOf(each) !== '')
      ? items.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))
      : items;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !OF_HELM.includes(key))
    .map(([key, item]) => [key, key === 'from' ? item : comparable(item)] as const)
    .filter(([key, item]) => key === 'ingress' || !['{}', '[]'].includes(JSON.stringify(item)));
  return Object.fromEntries(entries);
}

function withoutCommonLabels(object: Manifest): JsonObject {
  const labels = Object.entries(object.metadata.labels ?? {});
  const own = Object.fromEntries(labels.filter(([name]) => !OF_ALL.includes(name)));
  return { ...object, metadata: { ...object.metadata, labels: own } } as unknown as JsonObject;
}

/** The objects by kind and name, in a form in which chart and kustomize are equal. */
export function comparableObjects(objects: readonly Manifest[]): Readonly<Record<string, Json>> {
  const text = JSON.stringify(objects.map((each) => comparable(withoutCommonLabels(each))));
  const same = JSON.parse(text.replaceAll(/"sluice-[0-9a-z]{10}"/g, '"sluice"')) as JsonObject[];
  return Object.fromEntries(
    same.map((object) => {
      const { kind, metadata } = object as unknown as Manifest;
      return [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, object];
    }),
  );
}
