import { stringify } from 'yaml';

export interface Access {
  readonly name: string;
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

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
