/** What the oracle creates in a cluster to work in, and how it goes away. */
import { setTimeout as pause } from 'node:timers/promises';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import type { Body } from '../../integration/lab-kubernetes/client.ts';
import { OURS } from './harmless.ts';
import type { Answer, Subject } from './subject.ts';

/** An object by the path of its kind. */
export interface Made {
  readonly path: string;
  readonly object: Body;
}

const NAMESPACES = '/api/v1/namespaces';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** The kinds of others that are created in the namespaces, and may have finalizers there. */
const HELD = '/apis/networking.istio.io/v1';
const TRIES = 300;
const STEP_MS = 200;

function messageOf({ code, body, text }: Answer): string {
  return `${code} ${body?.message ?? text}`;
}

/** Marks what the oracle made, so that it removes nothing else. */
const LABEL = 'app.kubernetes.io/managed-by';

/** Throws with the words of the API server if it refuses. */
export async function make(subject: Subject, { path, object }: Made): Promise<void> {
  const { kind, metadata } = object;
  const labels = { ...metadata.labels, [LABEL]: OURS };
  const body = { ...object, metadata: { ...metadata, labels } };
  const answer = await subject.send('POST', path, { body });
  if (answer.code !== 201)
    throw new Error(
      `the API server refuses to create ${kind} ${metadata.name}: ${messageOf(answer)}`,
    );
  if (path === CRDS) await served(subject, object);
}

export function namespaceNamed(name: string): Made {
  return { path: NAMESPACES, object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } };
}

export function crdOf(object: Body): Made {
  return { path: CRDS, object };
}

/** Throws if one is there, or if the account may not look. */
export async function expectNone(subject: Subject, made: readonly Made[]): Promise<void> {
  for (const { path, object } of made) {
    const { kind, metadata } = object;
    const answer = await subject.send('GET', `${path}/${metadata.name}`);
    if (answer.code === 200)
      throw new Error(
        `${kind} ${metadata.name} exists already: another run may be using it; if none is, remove ` +
          `what is left with "kubectl delete namespace,clusterrole,clusterrolebinding -l ${LABEL}=${OURS}"`,
      );
    if (answer.code !== 404)
      throw new Error(`the API server refuses to read ${kind}s: ${messageOf(answer)}`);
  }
}

/** The names of the CRDs, of these plural names of Istio's, that the cluster does not have. */
export async function missingCrds(
  subject: Subject,
  plurals: readonly string[],
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const plural of plurals) {
    const answer = await subject.send('GET', `${HELD}/${plural}?limit=1`);
    if (answer.code === 404) missing.push(`${plural}.networking.istio.io`);
    else if (answer.code !== 200)
      throw new Error(`the API server refuses to read ${plural}: ${messageOf(answer)}`);
  }
  return missing;
}

/** Until all its versions can be listed. */
async function served(subject: Subject, { metadata, spec }: Body): Promise<void> {
  const { group, names, versions } = spec;
  await waitFor(`${metadata.name} is served`, async () => {
    for (const { name } of versions) {
      const { code } = await subject.send('GET', `/apis/${group}/${name}/${names.plural}?limit=1`);
      if (code !== 200) return false;
    }
    return true;
  });
}

async function waitFor(what: string, is: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await is()) return;
    await pause(STEP_MS);
  }
  throw new Error(`waited ${(TRIES * STEP_MS) / 1000} s in vain until ${what}`);
}

/** Nothing but the oracle's own objects hold its namespaces. */
async function release(subject: Subject, namespace: string): Promise<void> {
  const path = `${HELD}/namespaces/${namespace}/gateways`;
  const { body } = await subject.send('GET', path);
  for (const { metadata } of body?.items ?? []) {
    if (metadata.finalizers === undefined) continue;
    await subject.send('PATCH', `${path}/${metadata.name}`, {
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
  }
}

/** Removes the object if the oracle made it, and waits until it is gone. */
async function remove(subject: Subject, { path, object }: Made): Promise<void> {
  const { name } = object.metadata;
  const one = `${path}/${name}`;
  const { body } = await subject.send('GET', one);
  if (body?.metadata?.labels?.[LABEL] !== OURS) return;
  const { uid } = body.metadata;
  await subject.send('DELETE', one, {
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } },
  });
  await waitFor(`${object.kind} ${name} is gone`, async () => {
    const answer = await subject.send('GET', one);
    if (answer.code === 404 || (answer.code === 200 && answer.body.metadata.uid !== uid))
      return true;
    if (path === NAMESPACES) await release(subject, name);
    return false;
  });
}

/** The last ones first. Throws with all that is left after it tried each. */
async function removeAll(subject: Subject, made: readonly Made[]): Promise<void> {
  const left: string[] = [];
  for (const one of made.toReversed()) {
    const { kind, metadata } = one.object;
    await remove(subject, one).catch((error: unknown) =>
      left.push(`${kind} ${metadata.name} (${errorMessage(error)})`),
    );
  }
  if (left.length > 0)
    throw new Error(`could not clean up; remove with kubectl: ${left.join(', ')}`);
}

/**
 * Makes the objects, and removes them with `cleaner` after the work, also if it failed. None may be
 * there before.
 */
export async function within<T>(
  { real, cleaner }: { readonly real: Subject; readonly cleaner: Subject },
  planned: readonly Made[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    for (const one of planned) await make(real, one);
    return await work();
  } finally {
    await removeAll(cleaner, planned);
  }
}
