/** Why a port is not there, for readers without access to the cluster. */
import { describe, expect, test } from '@jest/globals';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { createVerdictStore, serverVerdicts, VERDICTS } from '../../../shared/failures/verdicts.ts';
import { storedAnswers } from '../../../shared/operations/why/stored.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { exposure } from '../../fixtures/exposures.ts';

const NOW = Date.UTC(2026, 10, 30);
const OWNER = 'east/istio-system/gw';
const server = (port: number, over: Partial<ServerReport> = {}): ServerReport => ({
  gateway: 'team/web',
  api: 'istio',
  server: 0,
  port,
  protocol: 'TCP',
  verdict: 'listening',
  code: 'OK',
  reason: 'Envoy listens',
  envoyPorts: [port],
  servicePorts: [],
  missingInService: false,
  ...over,
});
const refused = (over: Partial<ServerReport> = {}): ServerReport =>
  server(80, { server: 1, verdict: 'no-service-port', code: 'GW110', reason: 'no port', ...over });
const rev = (counter: number) => ({ epoch: 1, counter });

describe('the verdicts of an ingress', () => {
  test('name the exposures that lead to each server', () => {
    const exposures = [
      exposure({ port: 443, gateways: ['team/web'] }),
      exposure({ port: 443, gateways: ['team/other'] }),
      exposure({ port: 8443, gateways: ['team/web'] }),
      exposure({
        port: 80,
        gateways: ['team/web'],
        refusedIfNew: { code: 'GW110', message: 'too late' },
      }),
    ];
    const [web, plain] = serverVerdicts([server(443), refused()], exposures);
    expect([web?.exposures, plain?.exposures]).toEqual([[`${exposures[0]!.address}:443/tcp`], []]);
  });

  test('are those of the newest snapshot, whoever writes last', async () => {
    const blobs = memoryBlobs();
    const [a, b] = [createVerdictStore(blobs, () => NOW), createVerdictStore(blobs, () => NOW)];
    await a.note({ owner: OWNER, revision: rev(2), servers: serverVerdicts([server(443)], []) });
    await b.note({ owner: OWNER, revision: rev(1), servers: [] });
    const [found] = await b.all();
    expect(found).toMatchObject({ owner: OWNER, revision: rev(2), total: 1 });
    expect(found?.at).toBe(new Date(NOW).toISOString());
    expect((await blobs.list('')).every(({ key }) => key.startsWith(VERDICTS))).toBe(true);
  });

  test('are not written again while they stay the same', async () => {
    const blobs = memoryBlobs();
    const store = createVerdictStore(blobs, () => NOW);
    const servers = serverVerdicts([server(443)], []);
    await store.note({ owner: OWNER, revision: rev(1), servers });
    const [before] = await blobs.list('');
    await store.note({ owner: OWNER, revision: rev(2), servers });
    expect(await blobs.list('')).toEqual([before]);
  });

  test('are written again by a process that wrote the same before another one', async () => {
    const blobs = memoryBlobs();
    const [a, b] = [createVerdictStore(blobs, () => NOW), createVerdictStore(blobs, () => NOW)];
    const [good, bad] = [serverVerdicts([server(443)], []), serverVerdicts([refused()], [])];
    await a.note({ owner: OWNER, revision: rev(1), servers: good });
    await b.note({ owner: OWNER, revision: rev(2), servers: bad });
    await a.note({ owner: OWNER, revision: rev(3), servers: good });
    expect(await b.all()).toMatchObject([
      { revision: rev(3), servers: [{ verdict: 'listening' }] },
    ]);
  });

  test('keep what is not reached if there are too many', async () => {
    const store = createVerdictStore(memoryBlobs(), () => NOW);
    const many = Array.from({ length: 5_000 }, (_, i) => server(1 + i));
    const servers = serverVerdicts([...many, refused()], []);
    await store.note({ owner: OWNER, revision: rev(1), servers });
    const [found] = await store.all();
    expect([found?.total, found?.servers.length]).toEqual([5_001, 5_000]);
    expect(found?.servers[0]?.code).toBe('GW110');
  });

  test('of another version count as none', async () => {
    const blobs = memoryBlobs();
    const store = createVerdictStore(blobs, () => NOW);
    await store.note({ owner: OWNER, revision: rev(9), servers: [] });
    const [{ key } = { key: '' }] = await blobs.list('');
    for (const text of ['{', '{"format":2}']) {
      await blobs.put(key, text);
      expect(await store.all()).toEqual([]);
    }
    await createVerdictStore(blobs, () => NOW).note({
      owner: OWNER,
      revision: rev(1),
      servers: [],
    });
    expect(await store.all()).toMatchObject([{ revision: rev(1) }]);
  });
});

describe('sluice why without a cluster', () => {
  test('answers for each server, with the remedy and the age', async () => {
    const verdicts = createVerdictStore(memoryBlobs(), () => NOW);
    const asked = { cluster: 'east', gateway: 'team/web' };
    expect(await storedAnswers({ verdicts }, asked)).toEqual({ answers: [] });
    const exposures = [exposure({ port: 443, gateways: ['team/web'] })];
    const servers = serverVerdicts(
      [refused(), server(443), server(1, { gateway: 'team/other' })],
      exposures,
    );
    await verdicts.note({ owner: OWNER, revision: rev(1), servers });
    // Another ingress selects it too, and offers nothing.
    const elsewhere = serverVerdicts([server(443)], []);
    await verdicts.note({ owner: 'east/apps/gw', revision: rev(1), servers: elsewhere });
    await verdicts.note({ owner: 'west/apps/gw', revision: rev(1), servers: elsewhere });
    const { answers, at } = await storedAnswers({ verdicts }, asked);
    expect(at).toBe(new Date(NOW).toISOString());
    expect(answers).toMatchObject([
      {
        server: { port: 443 },
        exposures: [`${exposures[0]!.address}:443/tcp`],
        remedy: 'Nothing.',
      },
      {
        server: { port: 80, code: 'GW110' },
        exposures: [],
        remedy: expect.stringContaining('Give the server a `port` with number'),
      },
    ]);
  });
});
