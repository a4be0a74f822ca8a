/**
 * A user of the Kubernetes API, who creates objects over persistent connections, as kubectl does.
 */
import { request, type Agent } from 'node:https';
import { objectUrl } from '../../../infra/lab/demo/kubernetes-api.ts';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';

export interface Client {
  create(object: KubernetesObject): Promise<void>;
}

export interface ClientOptions {
  readonly url: string;
  readonly token: string;
  readonly agent: Agent;
}

export function createClient({ url, token, agent }: ClientOptions): Client {
  return {
    create: (object) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const path = objectUrl(object).replace(/\/[^/]*$/, '');
      const sent = request(
        new URL(path, url),
        {
          method: 'POST',
          agent,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        },
        (response) => {
          response.resume();
          response.on('error', reject);
          response.on('end', () => {
            if (response.statusCode === 201) resolve();
            else reject(new Error(`POST ${path} was answered ${response.statusCode}`));
          });
        },
      );
      sent.on('error', reject);
      sent.end(JSON.stringify(object));
      return promise;
    },
  };
}
