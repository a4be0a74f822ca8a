/** Every answer of the console has the shape of its OpenAPI document, and says what is so. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsoleDesk, Json } from '../../fixtures/console/desk.ts';
import { ReplayError } from '../../../shared/failures/error.ts';
import { startDesk, tellVerdict } from '../../fixtures/console/desk.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
let desk: ConsoleDesk;
beforeEach(async () => {
  desk = await startDesk();
});

/** Port 3 is refused. */
async function badNight(): Promise<void> {
  await desk.site.fail(EAST, 2, [3]);
  await desk.see();
}

describe('the document', () => {
  test('names a role and a summary for every route, and is OpenAPI 3.1', () => {
    expect(desk.document.openapi).toBe('3.1.0');
    const all = Object.values<Json>(desk.document.paths).flatMap((path) =>
      Object.values<Json>(path),
    );
    expect(all.length).toBeGreaterThan(35);
    for (const { summary, description } of all)
      expect([summary.length > 10, /^Role: (viewer|operator|admin)\.$/.test(description)]).toEqual([
        true,
        true,
      ]);
  });
});

describe('a quiet site', () => {
  test('has one calm line', async () => {
    await desk.see();
    await desk.site.failures.views.noteAudit({
      device: 'bigip-1',
      software: '3.56.0',
      findings: [],
    });
    const { body } = await desk.get('/api/v1/now');
    expect(body).toMatchObject({
      troubles: [],
      calm: 'All is well: 0 ports of 4 clusters on 1 device.',
    });
  });

  test.each([
    '/api/v1/session',
    '/api/v1/now',
    '/api/v1/status',
    '/api/v1/clusters',
    '/api/v1/drift',
    '/api/v1/addresses',
    '/api/v1/waiting',
    '/api/v1/failures',
    '/api/v1/failures/groups',
    '/api/v1/jobs',
    '/api/v1/policies',
    '/api/v1/ports',
    '/api/v1/search?q=32400',
    '/api/v1/why?gateway=east/team/web',
    '/api/v1/trace?gateway=east/team/web',
    '/api/v1/audit',
  ])(
    '%s is answered before anything happened, and not again while it is the same',
    async (path) => {
      const { status, headers } = await desk.get(path);
      expect(status).toBe(200);
      desk.site.runtime.advance(1_000);
      const again = await desk.get(path, { 'If-None-Match': headers.get('ETag') ?? '' });
      expect([again.status, again.text]).toEqual([304, '']);
    },
  );
});

test('an audit log without entries is exported as nothing', async () => {
  const { status, text } = await desk.get('/api/v1/audit.jsonl');
  expect([status, text]).toEqual([200, '']);
});

test('an audit log is exported in parts, each with the cursor of the next', async () => {
  const { audit } = desk.site.failures;
  for (const who of ['a', 'b', 'c'])
    await audit.append({ who, action: 'x', selection: 's', why: 'w', result: 'r' });
  const names = (text: string): readonly string[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).who);
  const first = await desk.get('/api/v1/audit.jsonl?limit=2');
  expect(names(first.text)).toEqual(['c', 'b']);
  const next = first.headers.get('X-Sluice-Next')!;
  const rest = await desk.get(`/api/v1/audit.jsonl?limit=2&before=${next}`);
  expect([names(rest.text), rest.headers.get('X-Sluice-Next')]).toEqual([['a'], null]);
  expect(names((await desk.get('/api/v1/audit.jsonl')).text)).toEqual(['c', 'b', 'a']);
  // More reads than S3 answers within the time of a request.
  expect((await desk.get('/api/v1/audit.jsonl?limit=2001')).status).toBe(400);
});

test('messages that nobody takes are a trouble, although nothing failed', async () => {
  await desk.see();
  const queue = desk.site.runtime.queues.queue('slices');
  await queue.send({ group: 'bigip-1', deduplicationId: 'a', body: desk.site.body(EAST, 3, [7]) });
  const sentences = async () =>
    (await desk.get('/api/v1/now')).body.troubles.map((one: Json) => one.sentence);
  expect(await sentences()).toEqual([]);
  desk.site.runtime.advance(11 * 60_000);
  expect(await sentences()).toEqual(['1 message waits in queue slices, the oldest for 11m.']);
});

describe('a bad night', () => {
  beforeEach(badNight);

  test('begins with a sentence, the remedy and the words that select it', async () => {
    const { body } = await desk.get('/api/v1/now');
    expect(body.troubles[0]).toMatchObject({
      level: 'bad',
      sentence: expect.stringMatching(
        /^1 port of 1 gateway is not on bigip-1 as requested: .*Existing traffic is not affected\.$/,
      ),
      code: 'BIP421',
      room: 'failures',
      words: ['code:BIP421', 'device:bigip-1'],
      replayable: true,
    });
    expect(body.troubles[0].remedy.length).toBeGreaterThan(10);
  });

  test('is counted by code, device and cluster, with its course', async () => {
    const { body } = await desk.get('/api/v1/failures/groups');
    expect(body.by).toEqual(['code', 'device', 'cluster']);
    expect(body.groups).toMatchObject([
      { values: ['BIP421', 'bigip-1', 'east'], failures: 1, seen: 1 },
    ]);
    expect([body.groups[0].trend.length, body.groups[0].trend.at(-1)]).toEqual([24, 1]);
    const other = await desk.get('/api/v1/failures/groups?by=gateway&filter=cluster:east');
    expect(other.body.groups[0].values).toEqual(['team/gw-3']);
  });

  test('has failures with attempts, plan and what is declared there now', async () => {
    const { body: list } = await desk.get('/api/v1/failures?filter=code:BIP421%20since:2h');
    expect(list.total).toBe(1);
    const { body } = await desk.get(`/api/v1/failures/${list.failures[0].id}`);
    expect(body).toMatchObject({
      failure: { code: 'BIP421', device: 'bigip-1', state: 'open' },
      code: { title: expect.any(String), fix: expect.any(String) },
      now: [],
      command: `sluice replay plan id:${list.failures[0].id}`,
    });
    const { body: event } = await desk.get(`/api/v1/failures/${list.failures[0].id}/event`);
    expect(JSON.parse(event.body)).toMatchObject({ subject: EAST });
  });

  test('is explained for a port, with the first link that is broken', async () => {
    await tellVerdict(desk, 3);
    for (const q of ['team/gw-3', 'east/team/gw-3', '3', '172.16.100.195:3', 'shop.example.com']) {
      const { body } = await desk.get(`/api/v1/search?q=${encodeURIComponent(q)}`);
      expect(body.chains).toMatchObject([
        {
          cluster: 'east',
          gateway: 'team/gw-3',
          broken: 'bigip',
          links: [
            { name: 'gateway', state: 'ok' },
            { name: 'envoy', state: 'ok' },
            { name: 'service', state: 'ok' },
            { name: 'exposure', state: 'ok' },
            { name: 'bigip', state: 'broken', code: 'BIP421' },
            { name: 'members', state: 'after' },
          ],
        },
      ]);
    }
    const { body: why } = await desk.get('/api/v1/why?gateway=east/team/gw-3');
    expect(why.servers).toMatchObject([{ isReached: false, now: { state: 'wanted' } }]);
  });

  test('ends by a replay that is previewed, started and watched', async () => {
    const plan = await desk.post('/api/v1/replay/plans', {
      filter: 'code:BIP421',
      why: 'repaired',
    });
    expect([plan.status, plan.body.state]).toEqual([200, 'done']);
    const { job } = plan.body.answer;
    const { body: planned } = await desk.get(`/api/v1/jobs/${job}`);
    expect(planned).toMatchObject({
      job: { state: 'planned', by: 'ada', why: 'repaired' },
      verdicts: { 'would-apply': 1 },
    });
    const start = { kind: 'start', job };
    const { body: preview } = await desk.post('/api/v1/changes/start/preview', start);
    expect(preview).toMatchObject({
      counts: { 'would-apply': 1 },
      effects: [],
      deed: 'Send 1 event',
      hash: planned.hash,
    });
    const confirm = { hash: preview.hash, key: 'click-0001', why: 'repaired' };
    const started = await desk.post('/api/v1/changes/start', { change: start, confirm });
    expect(started.body.says).toBe(`Job ${job} is under way.`);
    // A repeated click does nothing.
    const again = await desk.post('/api/v1/changes/start', { change: start, confirm });
    expect([again.status, again.body.says]).toEqual([200, `Job ${job} is under way.`]);
    for (let i = 0; i < 100; i++) await desk.site.runtime.clock.sleep(100).then(desk.site.work);
    const { body: ended } = await desk.get(`/api/v1/jobs/${job}`);
    expect(ended).toMatchObject({ job: { state: 'done' }, results: { applied: 1 } });
    expect((await desk.get('/api/v1/failures')).body.total).toBe(0);
    const { body: log } = await desk.get('/api/v1/audit');
    expect(log.entries.map((one: Json) => `${one.who} ${one.action}: ${one.result}`)).toEqual([
      'ada replay done: 1 applied',
      'ada replay start: running',
      'ada replay plan: 1 failure, 1 event',
    ]);
  });

  test.each(['pause', 'cancel'])('a job that sends on is stopped by %s', async (kind) => {
    await desk.site.fail('west/istio-system/istio-ingressgateway', 2, [4]);
    const { jobs } = desk.site.failures;
    const { body: plan } = await desk.post('/api/v1/replay/plans', { filter: 'code:BIP421' });
    const { job } = plan.answer;
    await jobs.update(job, (one) => ({ ...one, state: 'running' }));
    const change = { kind, job };
    const { body: preview } = await desk.post(`/api/v1/changes/${kind}/preview`, change);
    expect(preview.objects.total).toBe(2);
    // It sends another one while the person writes the reason.
    const ledger = await jobs.ledger(job);
    await ledger.save(new Map([[0, { ...ledger.items[0]!, status: 'sent' }]]));
    const confirm = { hash: preview.hash, key: 'click-0003', why: 'wrong ones' };
    const { status, body } = await desk.post(`/api/v1/changes/${kind}`, { change, confirm });
    expect([status, body.says]).toEqual([
      200,
      `Job ${job} is ${kind === 'pause' ? 'paused' : 'cancelled'}.`,
    ]);
  });

  test('a change that was made is not made again although its answer was not stored', async () => {
    const { acts } = desk.site.failures;
    const change = { kind: 'archive', words: ['code:BIP421'] };
    const { body: preview } = await desk.post('/api/v1/changes/archive/preview', change);
    const confirm = { hash: preview.hash, key: 'click-0004', why: 'known' };
    Object.assign(acts, { end: () => Promise.reject(new ReplayError('RPL700', 'store away')) });
    const first = await desk.post('/api/v1/changes/archive', { change, confirm });
    expect([first.status, first.body.says]).toEqual([200, '1 failure archived.']);
    const again = await desk.post('/api/v1/changes/archive', { change, confirm });
    expect([again.status, again.body.error.message]).toEqual([
      409,
      expect.stringContaining('being made already'),
    ]);
  });

  test('a run that failed after its answer is not called done when its click is repeated', async () => {
    const plan = await desk.post('/api/v1/replay/plans', { filter: 'code:BIP421' });
    const change = { kind: 'start', job: plan.body.answer.job };
    const { body: preview } = await desk.post('/api/v1/changes/start/preview', change);
    const confirm = { hash: preview.hash, key: 'click-0008', why: 'repaired' };
    const click = () => desk.post('/api/v1/changes/start', { change, confirm });
    const { ask } = (await click()).body;
    const { asks } = desk.site.failures;
    await asks.update(ask.id, () => ({ state: 'working' }));
    expect(await click()).toMatchObject({ status: 202, body: { ask: { state: 'working' } } });
    const problem = { message: 'replay did not answer' };
    await asks.update(ask.id, () => ({ state: 'failed', problem }));
    expect(await click()).toMatchObject({
      status: 200,
      body: { ask: { state: 'failed', problem } },
    });
  });

  test('a run whose effect is no longer what was shown is not started', async () => {
    const plan = await desk.post('/api/v1/replay/plans', { filter: 'code:BIP421' });
    const change = { kind: 'start', job: plan.body.answer.job };
    const { body: preview } = await desk.post('/api/v1/changes/start/preview', change);
    // A newer version arrives with the port.
    await desk.site.runtime.queues.queue('slices').send({
      group: 'bigip-1',
      deduplicationId: 'newer',
      body: desk.site.body(EAST, 3, [3]),
    });
    await desk.site.work();
    const confirm = { hash: preview.hash, key: 'click-0002', why: 'repaired' };
    const { status, body } = await desk.post('/api/v1/changes/start', { change, confirm });
    expect(status).toBe(409);
    expect(body.preview).toMatchObject({
      counts: { superseded: 1 },
      effects: [
        '1 failure is closed without an event: the devices have the same already, or something newer.',
      ],
      deed: 'Run it, and send nothing',
    });
    expect(body.preview.hash).not.toBe(preview.hash);
    expect((await desk.get(`/api/v1/jobs/${change.job}`)).body.job.state).toBe('planned');
    expect(desk.site.sent).toEqual([]);
  });
});

describe('a change', () => {
  const drain = { kind: 'cluster', action: 'drain', cluster: 'east' };

  test('shows its objects, effect and command, and is made once, with a record', async () => {
    await desk.see();
    const { body: preview } = await desk.post('/api/v1/changes/cluster/preview', drain);
    expect(preview).toMatchObject({
      what: expect.stringContaining('Drain cluster east'),
      deed: 'Drain east',
      command: 'sluice cluster drain east',
      undo: 'Enable the cluster.',
    });
    const confirm = { hash: preview.hash, key: 'click-0003', why: 'kernel update' };
    const made = await desk.post('/api/v1/changes/cluster', { change: drain, confirm });
    expect(made.body.says).toMatch(/^Ordered on bigip-1/);
    expect(made.body.undo).toEqual({ kind: 'cluster', action: 'enable', cluster: 'east' });
    const repeated = await desk.post('/api/v1/changes/cluster', { change: drain, confirm });
    expect(repeated.body).toEqual(made.body);
    const { body } = await desk.get('/api/v1/audit');
    expect(body.entries).toMatchObject([
      { who: 'ada', action: 'cluster drain', why: 'kernel update', result: 'sent to one device' },
    ]);
    expect((await desk.site.runtime.queues.queue('slices').depth()).waiting).toBe(1);
    // The same key for something else.
    const enable = { ...drain, action: 'enable' };
    const other = await desk.post('/api/v1/changes/cluster', { change: enable, confirm });
    expect(other.status).toBe(409);
  });

  test('that cuts connections says how many, as the devices count them now', async () => {
    const out = { kind: 'cluster', action: 'out', cluster: 'east' };
    await desk.site.runtime.queues.queue('slices').send({
      group: 'bigip-1',
      deduplicationId: 'new',
      body: desk.site.body(EAST, 3, [7, 8]),
    });
    await desk.site.work();
    await desk.see();
    const { device } = desk.site;
    const [{ address } = { address: '' }] = Object.values(device.state('k8s').exposures)[0]!
      .contributions[0]!.members;
    device.paths.busyMembers.add(address).add('10.9.9.9');
    const preview = async (change: object) =>
      (await desk.post('/api/v1/changes/cluster/preview', change)).body;
    const shown = await preview(out);
    expect(shown.cut).toEqual({ connections: 2, at: expect.stringMatching(/^2026-11-23T03:00/) });
    expect((await preview({ ...out, action: 'forget' })).cut.connections).toBe(2);
    expect(await preview({ ...out, action: 'drain' })).not.toHaveProperty('cut');
    // More connections are no other change.
    desk.site.runtime.advance(61_000);
    device.paths.busyMembers.clear();
    expect(await preview(out)).toMatchObject({ hash: shown.hash, cut: { connections: 0 } });
    desk.site.runtime.advance(61_000);
    desk.site.away.device = true;
    const unknown = await preview(out);
    expect([unknown.cut, unknown.hash, unknown.effects]).toEqual([
      undefined,
      shown.hash,
      ['It cuts connections. How many is not known: bigip-1: no connection'],
    ]);
  });

  test('is previewed without a question to the devices for who may not make it', async () => {
    const viewer = await startDesk('operator');
    await viewer.see();
    const change = { kind: 'cluster', action: 'out', cluster: 'east' };
    const { status, body } = await viewer.post('/api/v1/changes/cluster/preview', change);
    expect([status, body.cut, await viewer.site.failures.asks.open()]).toEqual([
      200,
      undefined,
      [],
    ]);
    expect(body.effects).toEqual([]);
  });

  test('that is no longer what was shown is not made, and shows the new difference', async () => {
    await desk.see();
    const { body: preview } = await desk.post('/api/v1/changes/cluster/preview', drain);
    await desk.site.runtime.queues.queue('slices').send({
      group: 'bigip-1',
      deduplicationId: 'new',
      body: desk.site.body(EAST, 3, [7]),
    });
    await desk.site.work();
    await desk.see();
    const confirm = { hash: preview.hash, key: 'click-0004', why: 'update', force: true };
    const { status, body } = await desk.post('/api/v1/changes/cluster', { change: drain, confirm });
    expect([status, body.preview.objects.list]).toEqual([409, ['172.16.100.195:7/tcp on bigip-1']]);
    expect((await desk.site.runtime.queues.queue('slices').depth()).waiting).toBe(0);
    // Only this cluster serves it, so the risk is confirmed, too.
    const next = { ...confirm, key: 'click-0005', hash: body.preview.hash };
    const risky = await desk.post('/api/v1/changes/cluster', {
      change: drain,
      confirm: { ...next, force: false },
    });
    expect([risky.status, risky.body.error.message]).toEqual([
      422,
      expect.stringContaining('Only east serves 1 exposure'),
    ]);
    const forced = await desk.post('/api/v1/changes/cluster', { change: drain, confirm: next });
    expect(forced.status).toBe(200);
  });

  test('of failures is archived and restored', async () => {
    await badNight();
    for (const kind of ['archive', 'restore']) {
      const change = { kind, words: ['code:BIP421'] };
      const { body: preview } = await desk.post(`/api/v1/changes/${kind}/preview`, change);
      expect(preview.objects.total).toBe(1);
      const confirm = { hash: preview.hash, key: `click-${kind}`, why: 'looked at' };
      const made = await desk.post(`/api/v1/changes/${kind}`, { change, confirm });
      expect(made.body.says).toMatch(/^1 failure (archived|reopened)\.$/);
      const { undo } = made.body;
      const [id] = preview.objects.list[0].split(' ');
      expect(undo).toEqual({
        kind: kind === 'archive' ? 'restore' : 'archive',
        words: [`id:${id}`],
      });
      const undone = await desk.post(`/api/v1/changes/${undo.kind}/preview`, undo);
      expect(undone.body.objects).toEqual(preview.objects);
    }
  });

  test('that two people make at once is made once, and each learns what came of it', async () => {
    await badNight();
    const change = { kind: 'archive', words: ['code:BIP421'] };
    const { body: preview } = await desk.post('/api/v1/changes/archive/preview', change);
    const act = (key: string) =>
      desk.post('/api/v1/changes/archive', {
        change,
        confirm: { hash: preview.hash, key, why: 'looked at' },
      });
    const both = await Promise.all([act('click-one-1'), act('click-two-2')]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(both.map(({ body }) => body.says as string))).toEqual(
      new Set(['0 failures archived.', '1 failure archived.']),
    );
    // Only who changed something can undo it.
    expect(both.filter(({ body }) => body.undo !== undefined)).toHaveLength(1);
    const late = await act('click-late-3');
    expect([late.status, late.body.error.message]).toEqual([
      404,
      'No failure matches "code:BIP421".',
    ]);
    // A double click of one person.
    await desk.site.failures.store.change([preview.objects.list[0].split(' ')[0]], () => ({
      state: 'open',
    }));
    const twice = await Promise.all([act('click-again'), act('click-again')]);
    expect(new Set(twice.map(({ status }) => status))).toEqual(new Set([200, 409]));
    const { entries } = (await desk.get('/api/v1/audit')).body;
    const results = entries.map((one: Json) => one.result as string);
    expect(results.filter((one: string) => one === '1 of 1')).toHaveLength(2);
    expect(results).toHaveLength(3);
  });

  test('with a key that another reason had says where to look, not that nothing was done', async () => {
    await badNight();
    const change = { kind: 'archive', words: ['code:BIP421'] };
    const { body: preview } = await desk.post('/api/v1/changes/archive/preview', change);
    const click = (why: string) =>
      desk.post('/api/v1/changes/archive', {
        change,
        confirm: { hash: preview.hash, key: 'click-0009', why },
      });
    await click('known');
    const { status, body } = await click('well known');
    expect(status).toBe(409);
    expect(body.error.message).toMatch(/may have been made.*room Audit/);
    expect(body.error.message).not.toContain('nothing was done');
  });

  test('without a record is not made', async () => {
    await badNight();
    const change = { kind: 'archive', words: ['code:BIP421'] };
    const { body: preview } = await desk.post('/api/v1/changes/archive/preview', change);
    const { audit } = desk.site.failures;
    Object.assign(audit, { record: () => Promise.reject(new Error('the disk is full')) });
    const confirm = { hash: preview.hash, key: 'click-0006', why: 'looked at' };
    const { status } = await desk.post('/api/v1/changes/archive', { change, confirm });
    expect([status, (await desk.get('/api/v1/failures')).body.total]).toEqual([422, 1]);
  });
});

describe('a change of a function that AWS stopped in the middle', () => {
  test('is not made when the function goes on, and may be made anew with the same key', async () => {
    await badNight();
    const change = { kind: 'archive', words: ['code:BIP421'] };
    const { body: preview } = await desk.post('/api/v1/changes/archive/preview', change);
    const confirm = { hash: preview.hash, key: 'click-0007', why: 'known' };
    const make = () => desk.post('/api/v1/changes/archive', { change, confirm });
    const { onWrite } = desk.site;
    desk.site.onWrite = (what) => {
      if (what.startsWith('after put audit/')) desk.site.runtime.advance(7_000);
    };
    const stopped = await make();
    expect([stopped.status, stopped.body.error.message]).toEqual([
      503,
      expect.stringContaining('nothing was done'),
    ]);
    expect((await desk.site.failures.audit.list()).map(({ result }) => result)).toEqual([
      expect.stringMatching(/^failed: It took too long, and nothing was done/),
    ]);
    desk.site.onWrite = onWrite;
    expect((await make()).body.says).toBe('1 failure archived.');
  });
});

describe('bad input gets a sentence and the way on', () => {
  test.each([
    ['/api/v1/failures?filter=colour:red', 422, /unknown field colour; known fields/],
    ['/api/v1/failures?limit=x', 400, /limit/],
    ['/api/v1/failures?colour=red', 400, /colour/],
    ['/api/v1/failures/zz', 400, /hex digits/],
    ['/api/v1/failures/abcdef', 404, /No failure abcdef/],
    ['/api/v1/jobs/nothing', 404, /No replay job nothing/],
    ['/api/v1/asks/nothing', 404, /No question nothing/],
    ['/api/v1/search?q=a/b/c/d', 422, /write a gateway/],
    ['/api/v1/why?gateway=team', 422, /CLUSTER\/NAMESPACE\/GATEWAY/],
    ['/api/v1/clusters?device=other', 422, /use one of devices/],
  ])('%s: %i', async (path, wanted, says) => {
    const { status, body } = await desk.get(path);
    expect([status, body.error.message]).toEqual([wanted, expect.stringMatching(says)]);
  });

  test('a change of an unknown cluster, and a body that is none', async () => {
    const change = { kind: 'cluster', action: 'drain', cluster: 'nowhere' };
    const says = 'cluster nowhere is neither in clusters[] nor declared on bigip-1';
    const preview = () => desk.post('/api/v1/changes/cluster/preview', change);
    const unseen = await preview();
    expect([unseen.status, unseen.body.error.message]).toEqual([
      422,
      expect.stringMatching(/BIP501: it was not seen yet.*known clusters: east, west/),
    ]);
    expect(unseen.body.error.message.startsWith(says)).toBe(true);
    await desk.see();
    const { status, body } = await preview();
    expect([status, body.error.message]).toEqual([
      422,
      `${says}; known clusters: east, west, north, south`,
    ]);
    const odd = await desk.post('/api/v1/changes/cluster/preview', { kind: 'cluster' });
    expect([odd.status, odd.body.error.message]).toEqual([400, expect.stringContaining('action')]);
  });

  test.each(['', '{"kind":', '\u0000'])('a body that is no JSON: %j', async (text) => {
    const { status, body } = await desk.post('/api/v1/changes/archive/preview', text);
    expect([status, body.error.message]).toEqual([400, expect.stringMatching(/JSON/)]);
  });

  test.each(['since', 'until'])('a time that no calendar has: %s', async (key) => {
    const change = { kind: 'archive', words: [`${key}:99999999999999d`] };
    const { status, body } = await desk.post('/api/v1/changes/archive/preview', change);
    expect([status, body.error.message]).toEqual([422, expect.stringMatching(/must be a time/)]);
  });

  test('a store that is away', async () => {
    const list = () => Promise.reject(new ReplayError('RPL700', 'The failure store is away.'));
    Object.assign(desk.site.failures.store, { list });
    const { status, body } = await desk.get('/api/v1/failures');
    expect([status, body.error]).toEqual([
      503,
      { code: 'RPL700', message: 'The failure store is away.' },
    ]);
  });
});
