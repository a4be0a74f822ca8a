import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { INNER_NAMES, startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { RawPod } from '../../../infra/lab/cluster/index.ts';
import {
  createConsole,
  listenTo,
  type LabConsole,
  type Landscape,
} from '../../../infra/lab/console/console.ts';
import { type LabKubernetes, startKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { app, call, declare, tenant } from '../lab-bigip/client.ts';
import { call as ask, watch } from '../lab-kubernetes/client.ts';

const READY = '/mgmt/tm/sys/ready';
const INFO = '/mgmt/shared/appsvcs/info';

/** Time advances only when the test advances it. */
function handClock(): Clock & { pass(ms: number): Promise<void> } {
  let now = 1_700_000_000_000;
  let sleepers: readonly { readonly until: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        sleepers = [...sleepers, { until: now + ms, wake: resolve }];
        signal?.addEventListener('abort', () => resolve());
      }),
    pass: async (ms) => {
      now += ms;
      for (const { until, wake } of sleepers) if (until <= now) wake();
      await Promise.resolve();
    },
  };
}

/** A cluster that has only names; a pod ends when the test ends it. */
function handCluster(...names: readonly string[]) {
  let pods = names.map((name): RawPod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [] },
    status: { podIP: '10.244.1.5' },
  }));
  const { promise: gone, resolve: letGo } = Promise.withResolvers<void>();
  const cluster: Landscape['cluster'] = {
    pods: () => pods,
    addPod: () => {
      pods = [...pods, { ...pods[0]!, metadata: { name: 'gateway-new' } }];
      return 'gateway-new';
    },
    removePod: (name) => {
      pods = pods.map((pod) =>
        pod.metadata.name === name ? { ...pod, metadata: { name, deletionTimestamp: 'now' } } : pod,
      );
      return gone;
    },
  };
  return { cluster, letGo };
}

describe('the console of the lab', () => {
  let bigip: LabBigip;
  let kubernetes: LabKubernetes;
  let clock: ReturnType<typeof handClock>;
  let hands: ReturnType<typeof handCluster>;
  let console: LabConsole;
  let printed: string[];

  beforeEach(async () => {
    clock = handClock();
    hands = handCluster('gateway-abcde', 'gateway-fghij');
    bigip = await startBigip({
      dataPath: false,
      now: () => clock.now(),
      timings: { declare: 0, memberWrite: 0 },
    });
    kubernetes = await startKubernetes();
    printed = [];
    console = createConsole({ bigip, kubernetes, cluster: hands.cluster }, clock, (lines) =>
      printed.push(...lines),
    );
  });
  afterEach(async () => {
    await bigip.close();
    await kubernetes.close();
  });

  const said = (line: string): string => {
    printed = [];
    console.run(line);
    return printed.join('\n');
  };
  const condition = (): string | undefined => said('status').split('\n')[0];
  const post = (): ReturnType<typeof declare> => declare(bigip, { k8s: tenant({ a: app() }) });

  test('busy refuses declarations for so many seconds, and status counts them down', async () => {
    expect(said('busy 30')).toContain('For 30 s');
    expect((await post()).status).toBe(503);
    await clock.pass(10_000);
    expect(condition()).toBe('BIG-IP: active; another client holds the lock of AS3 (20 s more)');
    await clock.pass(20_000);
    expect(condition()).toBe('BIG-IP: active, no fault');
    expect((await post()).status).toBe(200);
  });

  test('down closes every connection until its time is over, and reports the end', async () => {
    said('down 20');
    await expect(call(bigip, 'GET', READY)).rejects.toThrow();
    await expect(call(bigip, 'GET', READY)).rejects.toThrow();
    printed = [];
    await clock.pass(20_000);
    expect(printed).toEqual(['The BIG-IP answers again.']);
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
  });

  test('repeating down starts its time again', async () => {
    said('down 20');
    await clock.pass(15_000);
    said('down 20');
    await clock.pass(15_000);
    await expect(call(bigip, 'GET', READY)).rejects.toThrow();
    await clock.pass(5_000);
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
  });

  test('restart answers 503 for its time and frees the lock', async () => {
    said('busy 60');
    said('restart 10');
    expect((await call(bigip, 'GET', READY)).status).toBe(503);
    expect(condition()).toBe(
      'BIG-IP: active; its management is starting and answers 503 (10 s more)',
    );
    await clock.pass(10_000);
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
  });

  test('slow delays every request, and slow 0 ends it', async () => {
    said('slow 60000');
    await expect(call(bigip, 'GET', READY, { timeout: 30 })).rejects.toThrow('client gave up');
    expect(condition()).toContain('every request waits 60000 ms');
    said('slow 0');
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
  });

  test('lose drops answers to declarations, reports each, and the declarations are executed', async () => {
    expect(said('lose 2')).toContain('next 2 declares');
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
    await expect(post()).rejects.toThrow();
    expect(printed.at(-1)).toBe(
      'An answer to a declare was lost; the BIG-IP has done it all the same (1 to go).',
    );
    expect(condition()).toContain('the answers to the next 1 declares get lost');
    await expect(post()).rejects.toThrow();
    expect(condition()).toBe('BIG-IP: active, no fault');
    expect((await post()).body['results'][0].message).toBe('no change');
  });

  test('standby and as3 go and come back', async () => {
    said('standby');
    expect(condition()).toBe('BIG-IP: standby, no fault');
    said('standby off');
    said('as3 off');
    expect((await call(bigip, 'GET', INFO)).status).toBe(404);
    expect(condition()).toBe('BIG-IP: active; AS3 is not installed');
    said('as3 on');
    expect((await call(bigip, 'GET', INFO)).status).toBe(200);
    expect(condition()).toBe('BIG-IP: active, no fault');
  });

  test('expire-tokens ends sessions, forget-task makes tasks unknown', async () => {
    const login = await call(bigip, 'POST', '/mgmt/shared/authn/login', {
      headers: {},
      body: { username: 'admin', password: 'lab-bigip' },
    });
    const headers = { 'x-f5-auth-token': String(login.body['token'].token) };
    expect((await call(bigip, 'GET', READY, { headers })).status).toBe(200);
    said('expire-tokens');
    expect((await call(bigip, 'GET', READY, { headers })).status).toBe(401);
    const declaration = { class: 'ADC', schemaVersion: '3.0.0', k8s: tenant({ a: app() }) };
    const task = await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare?async=true', {
      body: { class: 'AS3', declaration },
    });
    said('forget-task');
    expect(
      (await call(bigip, 'GET', `/mgmt/shared/appsvcs/task/${String(task.body['id'])}`)).status,
    ).toBe(404);
  });

  const SERVICES = '/api/v1/services';
  const api = (): string | undefined => said('status').split('\n').at(-1);

  test('api cut breaks watches, and a client continues where it was', async () => {
    const stream = await watch(kubernetes, SERVICES);
    expect(said('api cut')).toContain('Broken: 1 watch;');
    expect(await stream.next()).toBeUndefined();
    expect((await ask(kubernetes, SERVICES)).code).toBe(200);
  });

  test('api silence keeps watches open and silent', async () => {
    const stream = await watch(kubernetes, '/api/v1/namespaces?resourceVersion=0');
    for (let seen = 0; seen < 3; seen += 1) await stream.next();
    expect(said('api silence')).toContain('Half open from now on: 1 watch;');
    const namespace = (name: string): void =>
      void kubernetes.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    namespace('unheard');
    // Its end is the next event.
    kubernetes.faults.cutWatches();
    expect(await stream.next()).toBeUndefined();
  });

  test('drip sends every answer byte by byte until it is ended, and requests are executed', async () => {
    expect(said('drip 60000')).toContain('one byte every 60000 ms');
    await expect(call(bigip, 'GET', READY, { timeout: 50 })).rejects.toThrow();
    expect(condition()).toBe('BIG-IP: active; its answers come one byte every 60000 ms');
    said('drip 0');
    expect((await call(bigip, 'GET', READY)).status).toBe(200);
    said('drip 1');
    expect((await post()).status).toBe(200);
  });

  test('break and endless affect so many answers, and wrong the next one; status lists them until then', async () => {
    said('break 5');
    expect(condition()).toBe(
      'BIG-IP: active; the answer to the next declare breaks off after 5 bytes',
    );
    await expect(post()).rejects.toThrow();
    expect(bigip.view().partitions.map(({ name }) => name)).toContain('k8s');
    said('wrong array');
    expect((await call(bigip, 'GET', READY)).text).toBe('[]');
    said('wrong html');
    expect((await call(bigip, 'GET', READY)).text).toContain('<html>');
    said('endless 1');
    const endless = await call(bigip, 'GET', READY, { most: 1_000_000 });
    expect(endless.text.length).toBeGreaterThan(1_000_000);
    expect(condition()).toBe('BIG-IP: active, no fault');
  });

  test('api compact makes every older revision unknown', async () => {
    const { resourceVersion } = (await ask(kubernetes, SERVICES)).body.metadata as {
      resourceVersion: string;
    };
    kubernetes.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } });
    expect(said('api compact')).toContain('answered 410');
    const stream = await watch(kubernetes, `${SERVICES}?resourceVersion=${resourceVersion}`);
    expect(await stream.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  test('api deny refuses reads of one resource for its time, and not of others', async () => {
    const stream = await watch(kubernetes, SERVICES);
    said('api deny services 20');
    expect(await stream.next()).toBeUndefined();
    expect((await ask(kubernetes, SERVICES)).code).toBe(403);
    expect((await ask(kubernetes, '/api/v1/pods')).code).toBe(200);
    expect(api()).toBe('Kubernetes API: list and watch of services are denied (20 s more)');
    await clock.pass(20_000);
    expect(printed.at(-1)).toBe('The Kubernetes API lets services be read again.');
    expect((await ask(kubernetes, SERVICES)).code).toBe(200);
    expect(api()).toBe('Kubernetes API: no fault');
  });

  test('api down breaks every connection until its time is over', async () => {
    said('api down 20');
    await expect(ask(kubernetes, SERVICES)).rejects.toThrow();
    await clock.pass(20_000);
    expect((await ask(kubernetes, SERVICES)).code).toBe(200);
  });

  test('clear ends faults of the API as well', async () => {
    for (const line of [
      'api deny services 600',
      'api deny pods 600',
      'api down 600',
      'api slow 60000',
    ])
      said(line);
    expect(api()).toContain('every answer waits 60000 ms');
    said('clear');
    expect(api()).toBe('Kubernetes API: no fault');
    expect((await ask(kubernetes, SERVICES)).code).toBe(200);
  });

  test('inner makes internal calls of AS3 fail a number of times, optionally for one object', async () => {
    expect(said('inner cli/script 500 2')).toBe(
      "In the next 2 declares, AS3's own call /tm/task/cli/script inside the BIG-IP is " +
        'answered 500 ("clear" ends it).',
    );
    expect(condition()).toBe(
      "BIG-IP: active; in the next 2 declares, AS3's own call /tm/task/cli/script is answered 500",
    );
    expect((await post()).body['results'][0].response).toContain(
      '/mgmt/tm/task/cli/script run cli script response=500',
    );
    expect((await post()).status).toBe(422);
    expect(condition()).toBe('BIG-IP: active, no fault');
    said('inner file-transfer 404 0 /k8s/a');
    expect(condition()).toBe(
      "BIG-IP: active; in all declares that change /k8s/a, AS3's own call file-transfer is answered 404",
    );
    expect((await declare(bigip, { k8s: tenant({ b: app() }) })).status).toBe(200);
    expect((await declare(bigip, { k8s: tenant({ b: app(), a: app() }) })).status).toBe(422);
    said('clear');
    expect(condition()).toBe('BIG-IP: active, no fault');
    expect((await post()).status).toBe(200);
  });

  test('clear ends all faults', async () => {
    for (const line of [
      'busy 600',
      'down 600',
      'slow 60000',
      'lose 3',
      'drip 60000',
      'endless 9',
      'break',
      'wrong',
      'standby',
      'as3 off',
      'clear',
    ])
      said(line);
    expect(condition()).toBe('BIG-IP: active, no fault');
    expect((await post()).status).toBe(200);
    await clock.pass(600_000);
    expect(printed).not.toContain('The BIG-IP answers again.');
  });

  test('status shows the virtual servers and the gateway pods', () => {
    expect(said('status').split('\n').slice(1)).toEqual([
      'BIG-IP has no virtual server',
      'gateway pods: gateway-abcde (10.244.1.5), gateway-fghij (10.244.1.5)',
      'Kubernetes API: no fault',
    ]);
  });

  test('a pod is added, or removed by its name or the end of it, and its end is reported', async () => {
    expect(said('pod add')).toBe('Pod gateway-new (10.244.1.5) is there.');
    expect(said('pod remove abcde')).toContain('Pod gateway-abcde is Terminating');
    expect(said('status')).toContain('gateway-abcde (10.244.1.5), terminating');
    hands.letGo();
    await new Promise(setImmediate);
    expect(printed.at(-1)).toBe('Pod gateway-abcde is gone.');
  });

  test.each([
    [
      'pod remove',
      'which gateway pod? Name one of gateway-abcde, gateway-fghij; the end of its name is enough (pod remove NAME)',
    ],
    [
      'pod remove zz',
      'which gateway pod? Name one of gateway-abcde, gateway-fghij; the end of its name is enough (pod remove NAME)',
    ],
    ['busy soon', '"soon" is not a whole number from 1 to 600000 (busy [SECONDS])'],
    ['down 0', '"0" is not a whole number from 1 to 600000 (down [SECONDS])'],
    [
      'wrong way',
      '"way" is none of null, array, number, text, html (wrong [null|array|number|text|html])',
    ],
    ['as3', '"" is neither on nor off (as3 off|on)'],
    ['standby maybe', '"maybe" is neither on nor off (standby [on|off])'],
    [
      'api deny',
      '"" is no resource of the Kubernetes API; say for example services or ' +
        'gateways.networking.istio.io (api deny RESOURCE [SECONDS])',
    ],
    [
      'api deny gateways',
      '"gateways" is no resource of the Kubernetes API; say for example ' +
        'gateways.gateway.networking.k8s.io or gateways.networking.istio.io (api deny ' +
        'RESOURCE [SECONDS])',
    ],
    [
      'inner cli/moon',
      `"cli/moon" is no call that AS3 makes; say one of ${INNER_NAMES.join(' ')} (inner CALL [STATUS] [N] [OBJECT])`,
    ],
    [
      'inner cli/script 200',
      '"200" is not a whole number from 400 to 600000 (inner CALL [STATUS] [N] [OBJECT])',
    ],
    ['api reboot', '"api reboot" is no command; "help" lists them.'],
    ['reboot', '"reboot" is no command; "help" lists them.'],
  ])('%s changes nothing and prints the valid form', (line, sentence) => {
    expect(said(line)).toBe(sentence);
    expect(condition()).toBe('BIG-IP: active, no fault');
    expect(
      hands.cluster
        .pods('istio-ingressgateway')
        .some(({ metadata }) => metadata.deletionTimestamp !== undefined),
    ).toBe(false);
  });

  test('help lists every command with what it does; an empty line does nothing', () => {
    const commands = said('help')
      .split('\n')
      .map((line) => line.split('  ')[0]);
    expect(commands).toEqual([
      'help',
      'status',
      'busy [SECONDS]',
      'down [SECONDS]',
      'restart [SECONDS]',
      'slow [MILLISECONDS]',
      'lose [N]',
      'inner CALL [STATUS] [N] [OBJECT]',
      'drip [MILLISECONDS]',
      'endless [N]',
      'break [BYTES]',
      'wrong [null|array|number|text|html]',
      'standby [on|off]',
      'as3 off|on',
      'expire-tokens',
      'forget-task',
      'api cut',
      'api silence',
      'api compact',
      'api deny RESOURCE [SECONDS]',
      'api down [SECONDS]',
      'api slow [MILLISECONDS]',
      'clear',
      'pod add',
      'pod remove NAME',
    ]);
    expect(said('   ')).toBe('');
  });

  test('reads lines from a pipe, also one without a line end, and continues after its end', async () => {
    const input = new PassThrough();
    listenTo(input, console);
    input.write('standby\r\nas3');
    input.end(' off');
    while (printed.length < 2) await new Promise(setImmediate);
    expect(condition()).toBe('BIG-IP: standby; AS3 is not installed');
  });

  test('takes lines from a terminal where the kernel does not say who is in the foreground (macOS)', async () => {
    const { isTTY } = process.stdin;
    process.stdin.isTTY = true;
    try {
      const input = new PassThrough();
      listenTo(input, console, '/nowhere/stat');
      input.end('standby\n');
      while (printed.length < 1) await new Promise(setImmediate);
      expect(condition()).toBe('BIG-IP: standby, no fault');
    } finally {
      process.stdin.isTTY = isTTY;
    }
  });
});
