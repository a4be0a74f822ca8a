import { stringify } from 'yaml';

/** How to reach one cluster. `ca`: PEM. */
export interface Access {
  readonly name: string;
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

/** A kubeconfig with one cluster, one user and one context, all of this name. */
export function kubeconfigText({ name, url, ca, token }: Access): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  });
}
