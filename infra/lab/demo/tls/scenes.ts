/** The TLS walkthrough, scene by scene. */
import type { Seen } from '../check.ts';
import { eventOn } from '../looks.ts';
import { isOneAddress } from '../../loopback.ts';
import { manifest } from '../manifests.ts';
import { applyManifest, checkPool, showVirtualServers, virtualOf, type Scene } from '../scene.ts';
import { request, type HttpsAnswer } from './client.ts';
import { ADMIN, BUNDLE, PROFILES, SHOP } from './landscape.ts';

/** Port 80 of the Gateway in the pods, as the ingress Service maps it. */
const POD_PORT = 8080;
const URL_OF_SHOP = `https://${SHOP}/cart?item=1`;
const URL_OF_ADMIN = `https://${ADMIN}:8443/`;
const INSIDE = '10.20.0.5';
const OUTSIDE = '10.30.0.5';

function gateway(name: string): {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
} {
  return { kind: 'Gateway', namespace: 'default', name };
}

function ask({ lab }: Scene, url: string, from?: string): Promise<HttpsAnswer | string> {
  return request({ address: lab.virtualAddress, ca: lab.bigip.ca, from }, url);
}

function inWords(answer: HttpsAnswer | string): string {
  return typeof answer === 'string' ? answer : `${answer.status} ${answer.body}`;
}

/** Expects an answer of the gateway over TLS. */
async function checkAnswer(
  scene: Scene,
  {
    url,
    body,
    from,
  }: { readonly url: string; readonly body: string; readonly from?: string | undefined },
): Promise<HttpsAnswer> {
  const whom = from === undefined ? '' : ` to a client from ${from}`;
  return scene.checks.check({
    expected: `${url} is answered "${body}"${whom}`,
    where: `${scene.lab.files.log} (apply's lines), and the table above`,
    see: async (): Promise<Seen<HttpsAnswer>> => {
      const answer = await ask(scene, url, from);
      return typeof answer === 'string' || answer.body !== body
        ? { instead: inWords(answer) }
        : {
            ok: answer,
            say:
              `a real TLS connection was answered${whom}: ${inWords(answer)} (${url}, ` +
              `certificate of ${answer.certificate})`,
          };
    },
  });
}

/** Expects that a connection is reset, or refused where nothing listens. */
function checkNone(
  scene: Scene,
  url: string,
  {
    how,
    from,
  }: { readonly how: 'ECONNRESET' | 'ECONNREFUSED'; readonly from?: string | undefined },
): Promise<string> {
  const whom = from === undefined ? 'a client' : `a client from ${from}`;
  return scene.checks.check({
    expected: `${whom} gets no answer from ${url}`,
    where: `the source network of the virtual server on the device, ${scene.lab.files.log}`,
    see: async (): Promise<Seen<string>> => {
      const answer = await ask(scene, url, from);
      return answer === `(${how})`
        ? { ok: answer, say: `${whom} gets no answer from ${url} ${answer}` }
        : { instead: inWords(answer) };
    },
  });
}

function checkWaf(scene: Scene, port: number): Promise<string> {
  return scene.checks.check({
    expected: `the virtual server on port ${port} has a WAF policy`,
    where: `policy.requirements and serviceBundles in ${scene.lab.files.config}`,
    see: (): Seen<string> => {
      const virtual = scene.lab.bigip
        .view()
        .partitions.flatMap(({ virtualServers }) => virtualServers)
        .find((one) => one.port === port);
      const waf = virtual?.policies.find((path) => path.includes('/_WAF_'));
      return waf === undefined
        ? { instead: virtual === undefined ? 'there is no virtual server' : 'it has none' }
        : { ok: waf, say: `the virtual server on port ${port} has the WAF policy ${waf}` };
    },
  });
}

/** Applies the Gateway of a manifest with more annotations. */
async function annotate(
  { api, say }: Scene,
  name: string,
  annotations: Readonly<Record<string, string>>,
): Promise<void> {
  const words = Object.entries(annotations).map(([key, value]) => `${key}=${value}`);
  say.why(`kubectl annotate gateways.networking.istio.io ${name} ${words.join(' ')}`);
  for (const object of manifest(name).filter(({ kind }) => kind === 'Gateway'))
    await api.apply({
      ...object,
      metadata: {
        ...object.metadata,
        annotations: { ...(object.metadata?.['annotations'] as object), ...annotations },
      },
    });
}

/** BIG-IP terminates TLS; the gateway gets plain HTTP. */
export async function offloads(scene: Scene): Promise<void> {
  const { checks, api, say } = scene;
  checks.step('A Gateway asks for TLS at BIG-IP, with a client SSL profile on the device');
  await applyManifest(scene, 'shop');
  say.why(
    `The certificate is in ${PROFILES[SHOP]}, which Sluice only refers to; the gateway gets plain HTTP.`,
  );
  await checkPool(scene, POD_PORT, 443);
  await checkAnswer(scene, { url: URL_OF_SHOP, body: 'hello from the shop' });
  await checkNone(scene, `http://${SHOP}:443/`, { how: 'ECONNRESET' });
  say.why('policy.requirements adds a WAF policy to whatever is published on port 443.');
  await checkWaf(scene, 443);
  await checks.check({
    expected: 'an Event Programmed on the Gateway that says where the WAF policy comes from',
    where: 'kubectl describe gateways.networking.istio.io shop',
    see: () =>
      eventOn(api, {
        on: gateway('shop'),
        reason: 'Programmed',
        says: `(service bundle ${BUNDLE})`,
      }),
  });
  showVirtualServers(scene);
}

/** The answer on port 80 names the URL with TLS. */
export async function redirectsPort80(scene: Scene): Promise<void> {
  scene.checks.step('Clients on port 80 are redirected to port 443');
  const from80 = URL_OF_SHOP.replace('https:', 'http:');
  const location = await scene.checks.check({
    expected: `${from80} is redirected to ${URL_OF_SHOP}`,
    where: 'is there a second virtual server on port 80 (table above)?',
    see: async (): Promise<Seen<string>> => {
      const answer = await ask(scene, from80);
      return typeof answer !== 'string' && answer.status === 302 && answer.location === URL_OF_SHOP
        ? { ok: answer.location, say: `${from80} was answered 302, Location: ${answer.location}` }
        : { instead: inWords(answer) };
    },
  });
  await checkAnswer(scene, { url: location, body: 'hello from the shop' });
}

/** Clients outside a source network get no answer. */
export async function keepsOut(scene: Scene): Promise<void> {
  scene.checks.step('A source network keeps clients out');
  const from = isOneAddress() ? undefined : OUTSIDE;
  await checkAnswer(scene, { url: URL_OF_SHOP, body: 'hello from the shop', from });
  await annotate(scene, 'shop', { 'sluice.io/source': '10.20.0.0/16' });
  await checkNone(scene, URL_OF_SHOP, { how: 'ECONNRESET', from });
  if (isOneAddress())
    scene.say.why(
      'Not shown: a client in that network. Here all clients have the address 127.0.0.1.',
    );
  else await checkAnswer(scene, { url: URL_OF_SHOP, body: 'hello from the shop', from: INSIDE });
}

/** The policy adds a WAF to one Gateway and refuses another until it asks for it. */
export async function requires(scene: Scene): Promise<void> {
  const { checks, api, lab, say } = scene;
  checks.step('A second Gateway lacks the WAF policy that sluice.yaml requires on port 8443');
  await applyManifest(scene, 'admin');
  await checks.check({
    expected: 'an Event MappingRejected on the Gateway that names the rule and the remedy',
    where: `${lab.files.log} (map's lines)`,
    see: () =>
      eventOn(api, {
        on: gateway('admin'),
        reason: 'MappingRejected',
        says: `request service bundle ${BUNDLE}`,
      }),
  });
  await checkNone(scene, URL_OF_ADMIN, { how: 'ECONNREFUSED' });
  say.why('It requests the service bundle, and is published with the WAF policy.');
  await annotate(scene, 'admin', { 'sluice.io/service-bundle': BUNDLE });
  await checks.check({
    expected: `an Event Programmed on the Gateway for ${virtualOf(scene, 8443)}`,
    where: 'kubectl describe gateways.networking.istio.io admin',
    see: () =>
      eventOn(api, { on: gateway('admin'), reason: 'Programmed', says: virtualOf(scene, 8443) }),
  });
  await checkWaf(scene, 8443);
  await checkAnswer(scene, { url: URL_OF_ADMIN, body: 'hello from the administration' });
  showVirtualServers(scene);
}
