/**
 * Declarations of 0.1.0 and earlier are read back to the intended state, and the same state is
 * still declared in the same way.
 */
import { describe, expect, test } from '@jest/globals';
import { readTenant } from '../../../shared/bigip/as3/read.ts';
import type { As3Tenant } from '../../../shared/bigip/as3/types.ts';
import { renderTenant } from '../../../shared/bigip/as3/render.ts';
import { declaration, golden } from './files.ts';
import { OLDER_FORMATS, STATES } from './inputs/declared.ts';

function tenantOf(body: string): As3Tenant {
  const { declaration: adc } = JSON.parse(body) as {
    readonly declaration: { readonly k8s: As3Tenant };
  };
  return { ...adc.k8s, optimisticLockKey: 'key' };
}

describe('a declaration of 0.1.0', () => {
  test.each(Object.keys(STATES))('%s: is read back to the state it was rendered from', (name) => {
    expect(readTenant('k8s', tenantOf(golden(`declarations/${name}.json`)))).toEqual({
      kind: 'ours',
      state: STATES[name],
    });
  });

  test.each(Object.keys(STATES))('%s: is still rendered to the same bytes', (name) => {
    expect(declaration(name)).toBe(golden(`declarations/${name}.json`));
  });
});

describe('a declaration of an earlier format', () => {
  test.each(Object.entries(OLDER_FORMATS))(
    '%s: is read to the intended state, and declared again in the present format',
    (name, state) => {
      const read = readTenant('k8s', tenantOf(golden(`../earlier/${name}.json`)));
      expect(read).toEqual({ kind: 'ours', state });
      const again = JSON.parse(
        JSON.stringify(renderTenant(state, { shareNodes: false })),
      ) as As3Tenant;
      expect(readTenant('k8s', again)).toEqual(read);
    },
  );
});
