/** doctor checks each secret, names each token of the console that is not accepted, and never shows one. */
import { expect, test } from '@jest/globals';
import {
  secretChecks,
  senderChecks,
  tokenChecks,
} from '../../../shared/operations/doctor/checks.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { startSite } from '../../fixtures/failures/site.ts';

const SECRETS: Readonly<Record<string, string>> = {
  'env:GOOD': ' a-token-of-a-program-that-nobody-can-guess\n',
  'env:SHORT': 'short',
};

test('a weak token fails, one that cannot be read here is a warning, and the others are fine', async () => {
  const { runtime } = startSite();
  const tokens = ['GOOD', 'SHORT', 'ABSENT'].map((name) => ({
    name: name.toLowerCase(),
    role: 'viewer' as const,
    token: `env:${name}`,
  }));
  const console = { url: 'https://sluice.example.com', tokens };
  const secrets = {
    resolve: async (name: string) => SECRETS[name] ?? Promise.reject(new Error(`${name}: absent`)),
  };
  const found = await tokenChecks({ ...runtime, secrets, config: { ...runtime.config, console } });
  expect(found.map(({ what, state, says }) => [what, state, says])).toEqual([
    ['token good of console.tokens', 'ok', '42 characters'],
    ['token short of console.tokens', 'fail', expect.stringContaining('fewer than 32 characters')],
    ['token absent of console.tokens', 'warn', expect.stringContaining('env:ABSENT: absent')],
  ]);
  expect(await tokenChecks(runtime)).toEqual([]);
});

test('the secrets of queue and failure store are read, too, each once', async () => {
  const { runtime } = startSite();
  const postgres = { password: 'env:GOOD', ca: 'env:ABSENT' };
  const { config } = runtime;
  const found = await secretChecks({
    ...runtime,
    secrets: { resolve: async (name) => SECRETS[name] ?? Promise.reject(new Error('absent')) },
    config: {
      ...config,
      devices: [],
      queue: { ...config.queue, ...postgres },
      failures: { ...config.failures, ...postgres },
    },
  });
  expect(found.map(({ what, state }) => [what, state])).toEqual([
    ['secret env:GOOD', 'ok'],
    ['secret env:ABSENT', 'fail'],
  ]);
});

test('a cluster for which anyone can speak gets the remedy of its queue', async () => {
  const { runtime } = startSite();
  const remedyOn = async (queue: object): Promise<string | undefined> => {
    const config = SluiceConfig.parse({ ...runtime.config, queue });
    return (await senderChecks({ ...runtime, config }))[0]?.remedy;
  };
  expect(await remedyOn({ kind: 'sqs', region: 'x' })).toContain("the watcher's role id");
  expect(await remedyOn({ kind: 'postgres', host: 'db' })).toContain(
    '"sluice queue grant --cluster east"',
  );
});
