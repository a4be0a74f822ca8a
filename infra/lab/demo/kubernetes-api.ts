/** A user's access to the cluster: plain HTTPS requests to the API, as kubectl sends them. */
import { request } from 'node:https';

/** An object of the API, as far as the demo looks at it. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** What a user does with the API. */
export interface KubernetesApi {
  /** Server-side apply, as `kubectl apply --server-side`. */
  apply(object: ApiObject): Promise<ApiObject>;
  get(path: string): Promise<ApiObject>;
  list(path: string): Promise<readonly ApiObject[]>;
  remove(path: string): Promise<void>;
}

/** How to reach the API. `ca`: PEM. */
export interface ApiAccess {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

function call(access: ApiAccess, method: string, path: string, body?: object): Promise<ApiObject> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiObject>();
  const headers = {
    authorization: `Bearer ${access.token}`,
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }),
  };
  const sent = request(
    new URL(path, access.url),
    { method, ca: access.ca, headers },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300)
          resolve(JSON.parse(text === '' ? '{}' : text) as ApiObject);
        else reject(new Error(`${method} ${path} was answered ${status}: ${text.slice(0, 400)}`));
      });
    },
  );
  sent.on('error', reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** The path of an object; the plurals of all kinds that the demo applies only add an s. */
export function objectUrl(object: ApiObject): string {
  const version = object.apiVersion ?? '';
  const { name = '', namespace } = object.metadata ?? {};
  const root = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
  return `${root}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${(object.kind ?? '').toLowerCase()}s/${name}`;
}

/** Rejects with the message of the API server. */
export function createKubernetesApi(access: ApiAccess): KubernetesApi {
  return {
    apply: (object) =>
      call(access, 'PATCH', `${objectUrl(object)}?fieldManager=kubectl&force=true`, object),
    get: (path) => call(access, 'GET', path),
    list: async (path) =>
      ((await call(access, 'GET', path))['items'] ?? []) as readonly ApiObject[],
    remove: async (path) => {
      await call(access, 'DELETE', path);
    },
  };
}
