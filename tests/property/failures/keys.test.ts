/**
 * Whatever a name is made of, the blob that it names is inside the store. Seen red with `KEY`
 * accepting any segment.
 */
import { isAbsolute, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { importedKey, ownEvidence } from '../../../shared/failures/evidence.ts';
import { isKey } from '../../../shared/failures/keys.ts';

const part = fc.oneof(
  fc.constantFrom('..', '.', '', '/', '\\', '\0', '\n', 'a', 'index', '%2e', '~'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const name = fc
  .array(part, { maxLength: 8 })
  .chain((parts) => fc.constantFrom('/', '').map((between) => parts.join(between)));

test('a key never leaves its root', () => {
  fc.assert(
    fc.property(name, (key) => {
      if (!isKey(key)) return;
      const path = relative('/store', join('/store', key));
      expect(path).toBe(key);
      expect(isAbsolute(path) || path.startsWith('..')).toBe(false);
      expect(
        key.split('/').every((segment) => /^[A-Za-z0-9_-][A-Za-z0-9_.:-]*$/.test(segment)),
      ).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('imported evidence has its own key, and no head refers to the evidence of another', () => {
  const hex = fc.string({
    unit: fc.constantFrom(...Array.from({ length: 16 }, (_, digit) => digit.toString(16))),
    minLength: 16,
    maxLength: 16,
  });
  fc.assert(
    fc.property(hex, hex, fc.string(), (id, other, reason) => {
      const event = {
        queue: 'slices' as const,
        group: 'g',
        id: 'm',
        body: reason,
        sentAt: 0,
        receiveCount: 1,
        verification: 'unchecked' as const,
      };
      const key = importedKey(id, { reason, attempts: [], event });
      expect(isKey(key)).toBe(true);
      expect(ownEvidence({ id, evidence: key })).toBe(key);
      if (other !== id) expect(ownEvidence({ id: other, evidence: key })).toBeUndefined();
      expect(ownEvidence({ id, evidence: reason })).toBeUndefined();
    }),
  );
});
