/** The lab's own certificate authority, created at every start. */
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** All as PEM. `key` belongs to `cert`. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** For one host name or address. */
export async function createCertificates(host: string): Promise<Certificates> {
  const authority = await generate([{ name: 'commonName', value: 'sluice-lab-ca' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'keyUsage',
        keyCertSign: true,
        cRLSign: true,
        digitalSignature: true,
        critical: true,
      },
    ],
  });
  const here =
    isIP(host) === 0 ? { type: 2 as const, value: host } : { type: 7 as const, ip: host };
  const server = await generate([{ name: 'commonName', value: 'sluice-lab-kubernetes' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [here, { type: 2, value: 'localhost' }, { type: 7, ip: '127.0.0.1' }],
      },
    ],
  });
  return { ca: authority.cert, cert: server.cert, key: server.private };
}
