import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ALLOCATOR, SHIPPED } from '../../soak/shipped.ts';

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly resources: { readonly limits: { readonly memory: string } };
}

function containerIn(file: string): Container {
  const text = readFileSync(new URL(`../../../infra/kubernetes/${file}`, import.meta.url), 'utf8');
  const { spec } = parse(text) as {
    readonly spec: { readonly template: { readonly spec: { readonly containers: [Container] } } };
  };
  return spec.template.spec.containers[0];
}

test.each([
  ['watch', 'base/deployment.yaml'],
  ['up', 'components/functions/deployment.yaml'],
] as const)(
  'the soak runs %s with the settings and limits of the shipped manifests',
  (name, file) => {
    const { env, resources } = containerIn(file);
    const { nodeOptions, mebibytes } = SHIPPED[name];
    expect(resources.limits.memory).toBe(`${mebibytes}Mi`);
    expect(Object.fromEntries(env.map(({ name: key, value }) => [key, value]))).toMatchObject({
      NODE_OPTIONS: nodeOptions,
      ...ALLOCATOR,
    });
  },
);
