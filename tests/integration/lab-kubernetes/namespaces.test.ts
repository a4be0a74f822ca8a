/**
 * Namespaces that terminate, as the lab's API server and its namespace controller simulate them.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startKubernetes, type LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { type Answer, call } from './client.ts';

let lab: LabKubernetes;

const path = '/api/v1/namespaces/team';
const gateways = '/apis/networking.istio.io/v1/namespaces/team/gateways';
const kept = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'kept', namespace: 'team', finalizers: ['example.com/hold'] },
  spec: {},
};

beforeEach(async () => {
  lab = await startKubernetes();
  lab.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
});

afterEach(() => lab.close());

function remove(): Promise<Answer> {
  return call(lab, path, { method: 'DELETE' });
}

function createEvent(): Promise<Answer> {
  return call(lab, `${path}/events`, {
    method: 'POST',
    body: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: 'team' },
      involvedObject: { kind: 'Gateway', name: 'kept', namespace: 'team' },
    },
  });
}

describe('a namespace that is deleted', () => {
  test('is deleted at once with its objects without finalizers', async () => {
    lab.store.apply({ ...kept, metadata: { name: 'free', namespace: 'team' } });
    expect((await remove()).body).toMatchObject({
      kind: 'Namespace',
      status: { phase: 'Terminating' },
    });
    expect((await call(lab, path)).code).toBe(404);
    expect((await call(lab, `${gateways}/free`)).code).toBe(404);
  });

  test('terminates as long as an object in it has a finalizer, and accepts no new objects', async () => {
    lab.store.apply(kept);
    await remove();
    expect((await call(lab, path)).body.status.phase).toBe('Terminating');
    expect((await call(lab, `${gateways}/kept`)).body.metadata).toMatchObject({
      deletionTimestamp: expect.any(String),
      generation: 2,
    });
    expect(await createEvent()).toMatchObject({
      code: 403,
      body: {
        reason: 'Forbidden',
        details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
      },
    });
  });

  test('is gone with the last finalizer in it', async () => {
    lab.store.apply(kept);
    await remove();
    await call(lab, `${gateways}/kept`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
    expect((await call(lab, path)).code).toBe(404);
  });
});
