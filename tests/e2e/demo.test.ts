import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { askEcho } from '../../infra/lab/demo/connection.ts';
import { loopbackOf } from '../../infra/lab/loopback.ts';

const MAIN = fileURLToPath(new URL('../../infra/lab/demo/main.ts', import.meta.url));
const LAB = fileURLToPath(new URL('../../infra/lab/main.ts', import.meta.url));
/** Ends only a demo that hangs. */
const LIMIT = 300_000;

async function demo(
  ...args: readonly string[]
): Promise<{ code: number; lines: readonly string[]; text: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await once(child, 'close')) as [number];
  return { code, text, lines: text.trimEnd().split('\n') };
}

/** Build times of the bundles; throws if one is missing. */
function built(): readonly number[] {
  return ['map/handler.mjs', 'apply/handler.mjs', 'watch/main.mjs'].map(
    (file) => statSync(new URL(`../../dist/${file}`, import.meta.url)).mtimeMs,
  );
}

const before = built();

describe('npm run demo', () => {
  test.each([[[]], [['--members', 'nodes']], [['--queue', 'sqs']]])(
    'with %j completes the walkthrough with real connections and prints its number of checks',
    async (args) => {
      const { code, lines, text } = await demo(...args);
      expect({ code, text }).toEqual({
        code: 0,
        text: expect.stringContaining('a real TCP connection was answered: one hello'),
      });
      expect(lines.at(-1)).toMatch(/^demo: (1[5-9]|[2-9]\d) checks passed in \d+\.\d s$/);
      // The F5 ConfigMap of the walkthrough moves the port, and the output names it.
      for (const sentence of [
        'one hello (127.16.100.195:31400)',
        'its pool balances by least-connections-member',
        'virtual server 172.16.100.195:32400/tcp is gone from the device',
        'port, partition, mode, balance from ConfigMap istio-system/istio-ingressgateway.32400.vs',
        'Event on the ConfigMap: SettingIgnored: GW128',
      ]) {
        expect(text).toContain(sentence);
      }
      for (const hop of [
        'snapshot sent',
        'mapped',
        'declared',
        'applied',
        'settled',
        'first answer',
      ])
        expect(text).toContain(hop);
      // Neither colours nor log lines without a terminal.
      expect(text).not.toContain('\u001B');
      expect(lines.filter((line) => line.startsWith('{'))).toEqual([]);
    },
    LIMIT,
  );

  test(
    'reports the problem, and ends with 1',
    async () => {
      const blocker = createServer().listen(15_021, loopbackOf('10.244.1.5'));
      await once(blocker, 'listening');
      const { code, text } = await demo();
      blocker.close();
      expect(code).toBe(1);
      expect(text).toContain('cannot listen on 127.244.1.5:15021');
      expect(text).toContain('Is another lab or demo running');
    },
    LIMIT,
  );

  test('refuses unknown values, with the valid ones', async () => {
    const { code, text } = await demo('--queue', 'kafka');
    expect(code).toBe(2);
    expect(text).toContain('--queue kafka: must be one of sqlite, sqs');
  });

  test('does not build functions: the walkthroughs use the existing ones', () => {
    expect(built()).toEqual(before);
  });
});

// Here, because the lab uses the demo's addresses.
describe('npm run demo -- fleet', () => {
  test.each([[[]], [['--queue', 'sqs']]])(
    'with %j shows a fleet: merged, unaffected by others, and only requests in flight are lost when a cluster fails',
    async (args) => {
      const { code, lines, text } = await demo('fleet', ...args);
      expect({ code, text }).toEqual({
        code: 0,
        text: expect.stringContaining('Event on the Gateway: PortConflict'),
      });
      expect(lines.at(-1)).toMatch(/^demo: (1[5-9]|[2-9]\d) checks passed in \d+\.\d s$/);
      const sentences = [
        'by east',
        'by west',
        'parked, OWN321',
        'parked, OWN322',
        'parked, OWN323',
        'begun later, before the monitors noticed: \\d+, 0 lost',
        'only requests in flight were lost',
        'nothing was declared: the members stay',
        'all 8 long connections are still open',
      ];
      for (const sentence of sentences) expect(text).toMatch(new RegExp(sentence));
      expect(text).not.toContain('by stray');
    },
    LIMIT,
  );
});

describe('npm run demo -- network', () => {
  test(
    'gives BIG-IP paths to the pods of three clusters, and loses no request when nodes and pods change',
    async () => {
      const { code, lines, text } = await demo('network');
      expect({ code, text }).toEqual({
        code: 0,
        text: expect.stringContaining('BIG-IP has no path to any pod'),
      });
      expect(lines.at(-1)).toMatch(/^demo: (1[5-9]|[2-9]\d) checks passed in \d+\.\d s$/);
      for (const sentence of [
        'BIG-IP got 4 entries first, and then the declare with the new members',
        'each tunnel has the records of the two nodes of its own cluster',
        'a route for 10.246.1.0/24 through 192.168.246.11',
        'one PATCH changed the route, and no declaration changed',
        'all 12 long connections still work, 2 of them to the draining pod',
        'an ARP entry for 10.244.1.7 at c2:e5:af:00:01:99',
      ])
        expect(text).toContain(sentence);
    },
    LIMIT,
  );
});

describe('npm run demo -- tls', () => {
  test(
    'terminates TLS at BIG-IP, redirects, keeps a client out, and requires a WAF policy',
    async () => {
      const { code, lines, text } = await demo('tls');
      expect({ code, text }).toEqual({
        code: 0,
        text: expect.stringContaining('certificate of shop.example.com'),
      });
      expect(lines.at(-1)).toMatch(/^demo: (1[5-9]|[2-9]\d) checks passed in \d+\.\d s$/);
      for (const sentence of [
        'was answered 302, Location: https://shop.example.com/cart?item=1',
        'a client from 10.30.0.5 gets no answer from https://shop.example.com/cart?item=1 (ECONNRESET)',
        'was answered to a client from 10.20.0.5: 200 hello from the shop',
        'policyWaf from policy requirement "WAF on port 443" (service bundle public-web)',
        'MappingRejected: server 0 (http-admin), port 32443: GW172',
        '200 hello from the administration',
      ])
        expect(text).toContain(sentence);
    },
    LIMIT,
  );

  test('refuses options of other demos, because it has a lab of its own', async () => {
    const { code, text } = await demo('tls', '--members', 'nodes');
    expect({ code, text }).toEqual({
      code: 2,
      text: expect.stringContaining('The demo tls uses its own lab: omit --members and --like.'),
    });
  });
});

test.each(['tsl', 'toString'])('a demo that does not exist is refused: %s', async (name) => {
  const { code, text } = await demo(name);
  expect({ code, text }).toEqual({
    code: 2,
    text: expect.stringContaining(
      `There is no demo ${name}. Known: fleet, network, tls, and one without a name.`,
    ),
  });
});

describe('npm run lab', () => {
  test(
    'reads commands from a pipe, keeps running after its end, and exits with 0 on Ctrl-C',
    async () => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', LAB], {
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      const closed = once(child, 'close');
      const printed = async (words: string): Promise<void> => {
        while (!text.includes(words) && child.exitCode === null)
          await Promise.race([once(child.stdout, 'data'), closed]);
        expect(text).toContain(words);
      };
      try {
        await printed('The Sluice lab is up');
        child.stdin.write('standby\n');
        await printed('The BIG-IP is standby');
        child.stdin.end('pod add\n');
        await printed('is there.');
        expect(await askEcho('10.244.1.5', 15_021, 'GET / HTTP/1.0\n')).toContain('HTTP/1.1');
        expect(child.exitCode).toBeNull();
        child.kill('SIGINT');
        expect(await closed).toEqual([0, null]);
        expect(text).toContain('Stopped; all files were removed.');
      } finally {
        child.kill('SIGKILL');
      }
    },
    LIMIT,
  );
});
