import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** PEM. */
export interface Certificate {
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

/** Signs the certificates of one device: of its management, of its SSL profiles, of clients. */
export interface Authority {
  /** PEM. */
  readonly ca: string;
  /** `names` are host names or addresses; the first one is also the common name. */
  issue(purpose: 'server' | 'client', names: readonly [string, ...string[]]): Promise<Certificate>;
}

const COMMON = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** A CA of its own for each device, so that pins and CAs can be tested against another device. */
export async function createAuthority(hostname: string): Promise<Authority> {
  const ca = await generate([{ name: 'commonName', value: `CA of ${hostname}` }], {
    ...COMMON,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    ca: ca.cert,
    async issue(purpose, names): Promise<Certificate> {
      const made = await generate([{ name: 'commonName', value: names[0] }], {
        ...COMMON,
        ca: { key: ca.private, cert: ca.cert },
        extensions: [
          { name: 'basicConstraints', cA: false, critical: true },
          { name: 'keyUsage', digitalSignature: true, critical: true },
          {
            name: 'extKeyUsage',
            ...(purpose === 'server' ? { serverAuth: true } : { clientAuth: true }),
          },
          {
            name: 'subjectAltName',
            altNames: names.map((name) =>
              isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
            ),
          },
        ],
      });
      return { ca: ca.cert, key: made.private, cert: made.cert };
    },
  };
}
