import { beforeAll, describe, expect, test } from '@jest/globals';
import Ajv from 'ajv';
import * as fc from 'fast-check';
import { renderTenant, wrapTenants } from '../../../shared/bigip/as3/render.ts';
import { EMPTY_STATE, declaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredExposure, state } from '../../fixtures/arbitraries.ts';
import { hasReference, readReference } from '../../fixtures/reference.ts';

const schemaFile = 'as3-schema.json';
const describeWithSchema = hasReference(schemaFile) ? describe : describe.skip;

const IPV4 = /^(\d{1,3}\.){3}\d{1,3}(%\d+)?(\/\d+)?$/;
const IPV6 = /^[0-9a-f:.]+(%\d+)?(\/\d+)?$/i;

describeWithSchema('against the published schema of AS3', () => {
  const ajv = new Ajv({
    schemaId: 'auto',
    allErrors: false,
    jsonPointers: true,
    useDefaults: false,
    unknownFormats: 'ignore',
  });
  ajv.addFormat('f5ip', (text: string) => IPV4.test(text) || IPV6.test(text));
  ajv.addFormat('f5bigip', (text: string) => text.startsWith('/'));
  ajv.addFormat('f5pointer', () => true);
  ajv.addKeyword('f5PostProcess', {});
  let validate: Ajv.ValidateFunction;
  beforeAll(() => {
    validate = ajv.compile(JSON.parse(readReference(schemaFile)) as object);
  });
  const errors = (body: object): unknown => (validate(body) ? undefined : validate.errors);

  test('declarations of 200 random exposures, alone and together, are valid', () => {
    fc.assert(
      fc.property(declaredExposure, (exposure) => {
        const tenant = renderTenant(declaredState({}, [exposure]), { shareNodes: false });
        expect(errors(wrapTenants({ k8s: tenant }, true))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(state, fc.boolean(), (s, shareNodes) => {
        expect(
          errors(wrapTenants({ k8s: renderTenant(s, { shareNodes }) }, false)),
        ).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  test('the empty partition is valid too', () => {
    expect(
      errors(wrapTenants({ k8s: renderTenant(EMPTY_STATE, { shareNodes: false }) }, true)),
    ).toBeUndefined();
  });

  test('the check can fail: a virtual server without an address is refused, and named', () => {
    const bad = {
      k8s: {
        class: 'Tenant',
        app: { class: 'Application', virtual: { class: 'Service_TCP', virtualAddresses: [] } },
      },
    } as const;
    const good = {
      ...bad.k8s,
      app: {
        class: 'Application',
        virtual: { class: 'Service_TCP', virtualAddresses: ['10.0.0.1'], virtualPort: 80 },
      },
    } as const;
    expect(errors(wrapTenants({ k8s: good }, true))).toBeUndefined();
    expect(errors(wrapTenants(bad, true))).toContainEqual(
      expect.objectContaining({
        keyword: 'minItems',
        dataPath: '/declaration/k8s/app/virtual/virtualAddresses',
      }),
    );
  });
});
