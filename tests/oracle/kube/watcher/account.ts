/** The account and the rights of the watcher, as they are installed, in the namespaces of the oracle. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Body } from '../../../integration/lab-kubernetes/client.ts';
import { OURS } from '../harmless.ts';
import { mapped } from '../rows.ts';
import type { Made } from '../scratch.ts';
import type { Subject } from '../subject.ts';
import { PLACES } from './objects.ts';

const BASE = resolve(import.meta.dirname, '../../../../infra/kubernetes/base');
const FILES = ['service-account', 'rbac-cluster', 'rbac-ingress', 'rbac-own'];
const RENAMED: Readonly<Record<string, string>> = {
  'sluice-system': PLACES.watcher,
  'istio-system': PLACES.ingress,
  'sluice-cluster': `${OURS}-cluster`,
  'sluice-ingress': `${OURS}-ingress`,
  'sluice-own': `${OURS}-own`,
};
const ACCOUNT = 'sluice';

function pathOf({ apiVersion, kind, metadata }: Body): string {
  const api = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${api}${place}/${kind.toLowerCase()}s`;
}

/** Everything that the manifests grant; nothing more. */
export async function accountObjects(): Promise<readonly Made[]> {
  const texts = await Promise.all(FILES.map((name) => readFile(`${BASE}/${name}.yaml`, 'utf8')));
  const objects = texts.flatMap((text) => parseAllDocuments(text).map((one): Body => one.toJS()));
  return objects.map((object) => {
    const renamed: Body = mapped(object, (text) => RENAMED[text] ?? text);
    return { path: pathOf(renamed), object: renamed };
  });
}

/** A token for the account, which must be there. */
export async function accountToken(subject: Subject): Promise<string> {
  const path = `/api/v1/namespaces/${PLACES.watcher}/serviceaccounts/${ACCOUNT}/token`;
  const { code, body, text } = await subject.send('POST', path, {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  if (code !== 201)
    throw new Error(`the API server gives no token for the watcher: ${code} ${text}`);
  return body.status.token;
}
