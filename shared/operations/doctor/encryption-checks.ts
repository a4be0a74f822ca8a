/** What goes over the network in plain text, and why. Everything else of Sluice uses TLS. */
import type { SluiceConfig } from '../../config/schema.ts';
import { postgresLocation, usesTls } from '../../postgres/options.ts';
import { queueBackend } from '../../queue/open.ts';
import type { Runtime } from '../../host/runtime.ts';
import { readServer } from '../../kubernetes/index.ts';
import { isThisHost } from '../../runtime/this-host.ts';
import { badFinding, okFinding } from './finding.ts';
import type { DoctorFinding } from './finding.ts';

const ID = 'encryption';
const HERE = 'not encrypted, because it does not leave this machine';

/** Connections that the configuration decides about, and the ports that Sluice opens. */
export async function encryptionChecks({
  config,
}: Pick<Runtime, 'config'>): Promise<readonly DoctorFinding[]> {
  return [
    ...config.devices.flatMap(({ name, url, peer }) =>
      [url, ...(peer === undefined ? [] : [peer])]
        .filter((one) => one.startsWith('http:'))
        .map(() => okFinding({ id: ID, what: `connections to device ${name}` }, HERE)),
    ),
    ...endpointFindings(config),
    ...databaseFindings(config),
    ...portFindings(config),
  ];
}

/** AWS itself is always asked over HTTPS. */
function endpointFindings({ queue, failures }: SluiceConfig): readonly DoctorFinding[] {
  return Object.entries({ queue, failures }).flatMap(([key, one]) => {
    const endpoint = 'endpoint' in one ? one.endpoint : undefined;
    if (endpoint === undefined || endpoint.startsWith('https:')) return [];
    const checked = { id: ID, what: `connections to ${key}.endpoint` };
    if (isThisHost(new URL(endpoint).hostname)) return [okFinding(checked, HERE)];
    return [
      badFinding(
        checked,
        `${endpoint} is not encrypted: requests are signed, but whoever is in between can read ` +
          'them and forge the answers',
        {
          state: 'warn',
          remedy: `give the server a certificate, and set ${key}.endpoint to https://`,
        },
      ),
    ];
  });
}

function databaseFindings({ queue, failures }: SluiceConfig): readonly DoctorFinding[] {
  const servers = [queueBackend(queue).server, failures.kind === 'postgres' ? failures : undefined];
  const plain = servers.flatMap((server) =>
    server === undefined || usesTls(server) ? [] : [postgresLocation(server)],
  );
  return [...new Set(plain)].map((where) =>
    okFinding({ id: ID, what: `connections to ${where}` }, HERE),
  );
}

function portFindings({ console: login }: SluiceConfig): readonly DoctorFinding[] {
  const metrics = okFinding(
    { id: ID, what: 'port of /metrics' },
    'HTTP without a login, as Prometheus expects: names and figures, but no secrets; ' +
      'let only Prometheus connect',
  );
  if (login === undefined) return [metrics];
  const secure = login.url.startsWith('https:');
  return [
    okFinding(
      { id: ID, what: 'port of the console' },
      secure
        ? `HTTP: what ends TLS for ${login.url} is in front of it, and nothing else may connect`
        : HERE,
    ),
    metrics,
  ];
}

/** Another check says if the kubeconfig cannot be used. */
function serverOf(kubeconfig: string): ReturnType<typeof readServer> | undefined {
  try {
    return readServer(kubeconfig);
  } catch {
    return undefined;
  }
}

/** Sluice verifies the API server unless the kubeconfig says otherwise. */
export function serverFindings(kubeconfig: string): readonly DoctorFinding[] {
  const { server = '', isVerified = true } = serverOf(kubeconfig) ?? {};
  const url = URL.parse(server);
  if (url === null || (url.protocol === 'https:' && isVerified)) return [];
  const checked = { id: ID, what: 'connections to the API server' };
  if (url.protocol === 'http:' && isThisHost(url.hostname)) return [okFinding(checked, HERE)];
  const [says, key] =
    url.protocol === 'http:'
      ? [`${url.origin} is not encrypted`, 'server to https://']
      : [`the certificate of ${url.origin} is not verified`, 'certificate-authority-data'];
  return [
    badFinding(checked, `${says}: whoever is in between gets the token of the account`, {
      state: 'warn',
      remedy: `set ${key} in the kubeconfig, and remove insecure-skip-tls-verify`,
    }),
  ];
}
