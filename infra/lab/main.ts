/** `npm run lab`: starts the lab and keeps it running. */
import { processClock } from '../../shared/runtime/process.ts';
import { createConsole, listenTo } from './console/console.ts';
import { parseLabArguments } from './demo/arguments.ts';
import { createSay, table } from './demo/say.ts';
import { startLab, type Lab } from './lab.ts';
import { isOneAddress, reachedAt, placeText, virtualAddressText } from './loopback.ts';

const say = createSay(
  (text) => process.stdout.write(text),
  process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
);

/** The full name, so that kubectl does not use the Gateway kind of Gateway API. */
const GATEWAYS = 'gateways.networking.istio.io';

const FIRST_PORT = 32_400;
/** Virtual ports of the manifests that are suggested. */
const MANIFEST_PORTS = [FIRST_PORT, 32_500, 31_400, 80];

function introduce(lab: Lab): void {
  say.title('The Sluice lab is up');
  say.lines(table(factsOf(lab)));
  say.title('Try');
  for (const { why, lines } of [...migrationToTry(lab), ...thingsToTry(lab), ...placesOf(lab)]) {
    say.why(why);
    say.lines(lines);
  }
  say.why('Ctrl-C ends it and removes its files.');
}

function factsOf({ files, bigip, kubernetes, cluster, ...lab }: Lab): readonly [string, string][] {
  const addresses = cluster.pods('istio-ingressgateway').map(({ status }) => status?.podIP);
  return [
    ['kubeconfig', files.kubeconfig],
    ['configuration', files.config],
    ['log', files.log],
    ['console', lab.pipeline.consoleUrl],
    ['Kubernetes API', kubernetes.url],
    ['BIG-IP', `${bigip.url} (user ${bigip.username}, password ${bigip.password})`],
    ['virtual address', virtualAddressText(lab.virtualAddress)],
    ['gateway pods', addresses.join(', ')],
    ['members, queue', `${lab.members}, ${lab.queue}`],
    ...(lab.cis === undefined
      ? []
      : [['F5 CIS', 'runs, with the partition cis'] satisfies [string, string]]),
  ];
}

interface Suggestion {
  readonly why: string;
  readonly lines: readonly string[];
}

/** Only with `--cis`. */
function migrationToTry({ files, cis }: Lab): readonly Suggestion[] {
  if (cis === undefined) return [];
  return [
    {
      why: 'Move an address from F5 CIS to Sluice (docs/operations/migrate-from-cis.md); the plan prints annotations to run:',
      lines: [
        `export KUBECONFIG=${files.kubeconfig} SLUICE_CONFIG=${files.config}`,
        'kubectl apply -f infra/lab/manifests/cis-objects.yaml',
        'kubectl apply -f infra/lab/manifests/tcp-echo.yaml -f infra/lab/manifests/second-gateway.yaml',
        'npm run sluice -- migrate cis plan',
        'npm run sluice -- migrate cis take 172.16.100.195',
        'npm run sluice -- migrate cis undo 172.16.100.195',
      ],
    },
  ];
}

/** The ports that the manifests below open; only where an address cannot be guessed. */
function placesOf({ virtualAddress }: Lab): readonly Suggestion[] {
  if (!isOneAddress()) return [];
  return [
    {
      why: 'Where these Gateways are reached; "status" says it of every virtual server:',
      lines: MANIFEST_PORTS.map((port) => placeText(virtualAddress, port)),
    },
  ];
}

function thingsToTry({ files, bigip, virtualAddress }: Lab): readonly Suggestion[] {
  const { host, port } = reachedAt(virtualAddress, FIRST_PORT);
  const admin = `${bigip.username}:${bigip.password}`;
  return [
    {
      why: 'Open port 32400, and talk to the echo server through BIG-IP:',
      lines: [
        `export KUBECONFIG=${files.kubeconfig}`,
        'kubectl apply -f infra/lab/manifests/tcp-echo.yaml',
        'kubectl get svc -n istio-system istio-ingressgateway',
        `kubectl describe ${GATEWAYS} tcp-echo-gateway`,
        `for i in 1 2 3; do (date; sleep 1) | nc ${host} ${port}; done`,
      ],
    },
    {
      why: 'See what is configured on the device:',
      lines: [`curl -sk -u ${admin} ${bigip.url}/mgmt/tm/ltm/virtual | head -c 600`],
    },
    {
      why: 'More Gateways, and one that is refused with a reason:',
      lines: [
        'kubectl apply -f infra/lab/manifests/second-gateway.yaml',
        'kubectl apply -f infra/lab/manifests/web-gateway.yaml',
        'kubectl apply -f infra/lab/manifests/no-route.yaml && kubectl get events',
      ],
    },
    {
      why: 'Delete something:',
      lines: [
        'kubectl delete pod -n istio-system <one of the gateway pods>',
        `kubectl delete ${GATEWAYS} tcp-echo-gateway`,
      ],
    },
    {
      why: 'An F5 ConfigMap of a CIS user: port 32400 moves to 31400, and an Event on the Gateway says why:',
      lines: [
        'kubectl apply -f infra/lab/manifests/f5-configmap.yaml',
        `kubectl describe ${GATEWAYS} tcp-echo-gateway`,
      ],
    },
    {
      why: 'Cause faults of the BIG-IP or the Kubernetes API, or add and remove pods: type a line here, such as',
      lines: [
        'busy 30, down 20, restart, slow 3000, lose 1, standby, api cut, api deny services ' +
          '20, clear, pod add, status; "help" lists them all',
      ],
    },
    {
      why: 'See failures and their remedies (docs/operations/failures.md walks through an outage):',
      lines: [
        `npm run sluice -- status -c ${files.config}`,
        `npm run sluice -- failures groups -c ${files.config}`,
      ],
    },
  ];
}

const options = parseLabArguments(process.argv.slice(2));
if ('refused' in options) {
  say.failed([options.refused]);
  process.exit(2);
}
// The signal handlers stay registered: Ctrl-C reaches this process twice, from the terminal and
// through npm, and the second signal must not interrupt the shutdown.
const { promise: stopping, resolve: stop } = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop());
const lab = await startLab(options).catch((error: unknown) => {
  say.failed([`The lab did not start: ${error instanceof Error ? error.message : String(error)}`]);
  process.exit(1);
});
introduce(lab);
listenTo(
  process.stdin,
  createConsole(lab, processClock, (lines) => say.lines(lines)),
);
await stopping;
say.title('Stopping …');
await lab.stop();
say.title('Stopped; all files were removed.');
process.exit(0);
