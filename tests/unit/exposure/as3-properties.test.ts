/**
 * Every property that AS3 can attach to a virtual server, its address and its pool is in the table.
 */
import { describe, expect, test } from '@jest/globals';
import {
  AS3_CLASSES,
  idleVerdicts,
  propertiesOf,
  verdictsOf,
} from '../../../infra/build/as3-properties.ts';
import { hasReference, readReference } from '../../fixtures/reference.ts';

/** Without the schema, the names in the table are not compared with AS3's. */
const SCHEMA = 'as3-schema.json';

describe('each property of AS3', () => {
  test.each(AS3_CLASSES)('of %s is supported, or the reason why not is given', (name) => {
    expect(verdictsOf(name).map(({ property }) => property)).toEqual(propertiesOf(name));
  });

  test('has a setting or a reason, never both', () => {
    expect(idleVerdicts()).toEqual([]);
  });

  const compared = hasReference(SCHEMA) ? describe : describe.skip;
  compared('is in the schema, and nothing else is', () => {
    test.each(AS3_CLASSES)('%s', (name) => {
      const { definitions } = JSON.parse(readReference(SCHEMA)) as {
        readonly definitions: Readonly<Record<string, { readonly properties?: object }>>;
      };
      expect(propertiesOf(name)).toEqual(Object.keys(definitions[name]?.properties ?? {}));
    });
  });
});
