import { describe, expect, test } from '@jest/globals';
import {
  eventMessages,
  type ObjectMessage,
} from '../../../functions/watch/report/event-messages.ts';
import type {
  ExposureResult,
  Note,
  Settled,
  Sources,
} from '../../../shared/domain/exposure/exposure.ts';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';

const SCOPE = 'istio-system/istio-ingressgateway';
const CONFIG_MAP = 'ConfigMap istio-system/istio-ingressgateway.32400.vs';
const SERVER: ServerReport = {
  gateway: 'default/echo',
  api: 'istio',
  server: 0,
  port: 32400,
  protocol: 'TCP',
  verdict: 'listening',
  code: 'OK',
  reason: 'Envoy listens',
  envoyPorts: [32400],
  servicePorts: [],
  missingInService: false,
};

function applied(sources?: Sources): ExposureResult {
  return {
    address: '172.16.100.195',
    port: 31400,
    protocol: 'tcp',
    partition: 'k8s',
    gateways: ['default/echo'],
    outcome: 'applied',
    code: 'OK',
    message: 'created',
    ...(sources === undefined ? {} : { sources }),
  };
}

function result(more: Partial<Settled> = {}): Settled {
  return {
    owner: `east/${SCOPE}`,
    clusterUid: 'uid',
    version: { epoch: 1, counter: 1, generation: 1 },
    device: 'bigip',
    devices: ['bigip'],
    servers: [SERVER],
    exposures: [],
    notes: [],
    ...more,
  };
}

function messages(all: readonly ObjectMessage[]): readonly string[] {
  return [...new Set(all.map(({ occurrence }) => occurrence.message))];
}

describe('Programmed', () => {
  const onGateways = (exposures: readonly ExposureResult[]): readonly ObjectMessage[] =>
    eventMessages(SCOPE, [result({ exposures: [...exposures] })]).filter(
      ({ about }) => about.kind === 'Gateway',
    );

  test('names who asked for which setting, once for each source', () => {
    const sources = {
      virtualAddress: CONFIG_MAP,
      port: CONFIG_MAP,
      mode: 'default',
      balance: CONFIG_MAP,
      snat: 'Gateway default/echo (sluice.io/snat)',
      partition: 'sluice.yaml (devices)',
    };
    expect(messages(onGateways([applied(sources)]))).toEqual([
      'bigip serves 172.16.100.195:31400/tcp (partition k8s); virtualAddress, port, ' +
        `balance from ${CONFIG_MAP}; snat from Gateway default/echo (sluice.io/snat)`,
    ]);
  });

  test.each([
    [
      'defaults, sluice.yaml and the port that the Gateway opens',
      {
        mode: 'default',
        port: 'Gateway default/echo',
        virtualAddress: 'sluice.yaml (ingress east/a/b)',
      },
    ],
    ['a result without sources', undefined],
  ])('does not mention %s', (_, sources) => {
    expect(messages(onGateways([applied(sources)]))).toEqual([
      'bigip serves 172.16.100.195:31400/tcp (partition k8s)',
    ]);
  });

  test('says on the Service for which Gateways it is, three of them by name', () => {
    const gateways = ['a', 'b', 'c', 'd', 'e'].map((name) => `default/${name}`);
    const said = eventMessages(SCOPE, [
      result({ exposures: [{ ...applied(undefined), gateways }] }),
    ]).find(({ about }) => about.kind === 'Ingress');
    expect(said?.occurrence.message).toBe(
      'bigip serves 172.16.100.195:31400/tcp for Gateway default/a, default/b, default/c and 2 more (partition k8s)',
    );
  });
});

describe('a note', () => {
  const note = (object: string, code = 'GW128'): Note => ({
    object,
    code,
    message: 'ignored, because it is for nothing here',
  });
  const told = (notes: readonly Note[]): readonly ObjectMessage[] =>
    eventMessages(SCOPE, [result({ notes: [...notes] })]);

  test('on a ConfigMap is a warning SettingIgnored on it, with code and sentence', () => {
    expect(told([note(CONFIG_MAP)])).toEqual([
      {
        about: { kind: 'ConfigMap', key: 'istio-system/istio-ingressgateway.32400.vs' },
        occurrence: expect.objectContaining({
          type: 'Warning',
          reason: 'SettingIgnored',
          message: 'GW128: ignored, because it is for nothing here',
        }),
      },
    ]);
  });

  test.each([
    ['that a default is overridden', 'GW165', 'DefaultOverridden'],
    ['that pods get routes of their own', 'GW185', 'RouteForPod'],
  ])('%s warns of nothing', (_, code, reason) => {
    expect(told([note('Gateway default/echo', code)])).toMatchObject([
      { occurrence: { type: 'Normal', reason } },
    ]);
  });

  test('on a Node goes to the ingress, and names the node', () => {
    expect(told([note('Node n3', 'GW181')])).toMatchObject([
      {
        about: { kind: 'Ingress' },
        occurrence: {
          type: 'Warning',
          reason: 'PathDoubtful',
          message: 'Node n3: GW181: ignored, because it is for nothing here',
        },
      },
    ]);
  });

  test.each(['Gateway default/echo', `Service ${SCOPE}`])('on %s goes there', (object) => {
    const [kind, key] = object.split(' ');
    expect(told([note(object, 'GW136')]).map(({ about }) => about)).toEqual([{ kind, key }]);
  });

  test.each([
    ['GW140', 'NoReadyMember'],
    ['GW141', 'ProxyProtocolDoubtful'],
    ['GW173', 'ServerNameDoubtful'],
    ['GW174', 'RedirectDoubtful'],
    ['GW182', 'PathDoubtful'],
    ['GW187', 'NetworksUnread'],
    ['GW188', 'AnswersDoubtful'],
    ['OWN341', 'RatioPerMember'],
    ['OWN342', 'AddressContested'],
  ])('%s is not about an ignored setting, and says %s', (code, reason) => {
    expect(
      told([note(`Service ${SCOPE}`, code)]).map(({ occurrence }) => occurrence.reason),
    ).toEqual([reason]);
  });

  test('of ownership is reported for each device, whether or not its result is the newest', () => {
    const says = (code: string): Note => ({ object: 'Service ns/gw', code, message: 'because' });
    const older = {
      ...result({ device: 'other', notes: [says('OWN340'), says('GW128')] }),
      version: { epoch: 1, counter: 0, generation: 1 },
    };
    const all = eventMessages(SCOPE, [older, result({ notes: [] })]);
    expect(all.map(({ occurrence }) => occurrence.message)).toEqual(
      expect.arrayContaining(['OWN340: because']),
    );
    expect(all.map(({ occurrence }) => occurrence.message)).not.toContain('GW128: because');
  });

  test('is reported once, however many devices report it, and two notes with one code do not hide each other', () => {
    const two = [note(CONFIG_MAP), { ...note(CONFIG_MAP), message: 'another' }];
    const all = eventMessages(SCOPE, [
      result({ notes: two }),
      result({ notes: two, device: 'other' }),
    ]);
    expect(new Set(all.map(({ occurrence }) => occurrence.subject)).size).toBe(2);
    expect(all).toHaveLength(2);
  });
});
