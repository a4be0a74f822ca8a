/** Behaviour that every adapter behind the device port has. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { applyPartition } from '../../../functions/apply/loop/run.ts';
import type { Device } from '../../../shared/device/device.ts';
import { dryRunDevice } from '../../../shared/device/dry-run.ts';
import { isAway } from '../../../shared/device/errors.ts';
import type { NodeAccess } from '../../../shared/device/nodes.ts';
import type { DeclaredExposure, DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Exposure, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

/** A device under test, with the manual changes that tests make. */
export interface Subject {
  /** Another client, configured with these partitions. */
  connect(...partitions: readonly string[]): Device;
  openNodes(): NodeAccess;
  /** Another client creates a partition. */
  createPartition(name: string): Promise<void>;
  /** Another client creates a virtual server in /Common. */
  holdAddress(address: string, port: number): Promise<void>;
  removeServer(path: string): Promise<void>;
  disableServer(path: string): Promise<void>;
  /** Monitors do not reach the pod. */
  stopPod(address: string): void;
  /** Changes a property of a node that a declare does not restore. */
  limitNode(partition: string, address: string): Promise<void>;
  /** Faults, from now on. */
  away(): Promise<void>;
  /** Another client's declare takes long. */
  busy(): void;
  /** The next declare is carried out, but its response is lost. */
  loseAnswer(): void;
  stop(): Promise<void>;
}

/** An object that no device under test has. */
export const NOWHERE = '/Common/nowhere';

const K8S = 'k8s';
const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
const plain = exposure({ port: 1 });
const [POD] = plain.members;
const OTHER_POD = { ...POD!, address: '10.244.2.7' };
const drained = exposure({ port: 1, members: [{ ...POD!, availability: 'draining' }] });
const refused = exposure({ port: 2, settings: { ...SETTINGS, iRules: [NOWHERE] } });

const asked = (counter: number, exposures: readonly Exposure[]): Slice => slice(counter, exposures);
const stateOf = (
  exposures: readonly Exposure[],
  counter = 1,
  before: DeclaredState = EMPTY_STATE,
): DeclaredState =>
  planPartition(K8S, before, [asked(counter, exposures)], { sameFleet: () => false }).next;
/** With a changed attribute on every member. */
const weighted = (state: DeclaredState, priority: number): DeclaredState => ({
  ...state,
  exposures: Object.fromEntries(
    Object.entries(state.exposures).map(([key, e]) => [
      key,
      { ...e, contributions: e.contributions.map((c) => ({ ...c, priority })) },
    ]),
  ),
});
const only = (state: DeclaredState): DeclaredExposure => Object.values(state.exposures)[0]!;

async function lockKeyOf(device: Device, partition = K8S): Promise<string | undefined> {
  const reading = await device.read(partition);
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return reading.declared.lockKey;
}

async function declare(device: Device, state: DeclaredState, partition = K8S): Promise<string> {
  return (await device.declare(partition, state, await lockKeyOf(device, partition))).outcome;
}

const declaredAs = (state: DeclaredState): object => ({ kind: 'ours', declared: { state } });

export function deviceContract(name: string, start: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject;
    let device: Device;
    const pathOf = (state: DeclaredState): string => device.capabilities.pathOf(K8S, only(state));

    beforeEach(async () => {
      subject = await start();
      device = subject.connect(K8S);
    });
    afterEach(() => subject.stop());

    describe('declares', () => {
      test('a partition that does not exist is empty and has no key', async () => {
        expect(await device.read(K8S)).toEqual({ kind: 'ours', declared: { state: EMPTY_STATE } });
      });

      test('the desired state, reads it back exactly, and verifies it', async () => {
        const state = stateOf([plain, exposure({ port: 9_000 })]);
        expect(await declare(device, state)).toBe('applied');
        expect(await device.read(K8S)).toMatchObject(declaredAs(state));
        expect(await device.verify(K8S, state)).toEqual([]);
        expect(await subject.connect(K8S).read(K8S)).toMatchObject(declaredAs(state));
      });

      test('members, and says which of them monitors reach', async () => {
        const state = stateOf([plain, exposure({ port: 9_000, members: [OTHER_POD] })]);
        await declare(device, state);
        subject.stopPod(OTHER_POD.address);
        const health = await device.health(K8S, state);
        expect(health.map((one) => [one.exposure, one.address, one.state])).toEqual([
          [expect.stringMatching(/:1\/tcp$/), POD!.address, 'up'],
          [expect.stringMatching(/:9000\/tcp$/), OTHER_POD.address, 'down'],
        ]);
      });

      test('a newer version alone, which changes nothing but is stored', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        const newer = stateOf([plain], 7, state);
        expect(await declare(device, newer)).toBe('unchanged');
        expect(await device.read(K8S)).toMatchObject(declaredAs(newer));
      });

      test('again without a reading, with the key that the declare before gave', async () => {
        const state = stateOf([plain]);
        const { lockKey } = await device.declare(K8S, state, await lockKeyOf(device));
        expect(lockKey).toBe(await lockKeyOf(device));
        const newer = stateOf([plain], 7, state);
        const next = await device.declare(K8S, newer, lockKey);
        expect(next.lockKey).toBe(await lockKeyOf(device));
      });

      test('the last removal, and keeps the partition with its owners', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        const empty = stateOf([], 2, state);
        expect(await declare(device, empty)).toBe('applied');
        expect(await device.read(K8S)).toMatchObject(declaredAs(empty));
        expect(await device.verify(K8S, empty)).toEqual([]);
        expect(await lockKeyOf(device)).toBeDefined();
      });

      test('nothing more after a partition was removed, and only with the key that was read', async () => {
        await declare(device, stateOf([plain]));
        const old = await lockKeyOf(device);
        await declare(device, stateOf([plain, exposure({ port: 9_000 })], 2));
        await expect(device.remove(K8S, old!)).rejects.toMatchObject({ code: 'BIP430' });
        await device.remove(K8S, (await lockKeyOf(device))!);
        const nothing = { kind: 'ours', declared: { state: EMPTY_STATE } };
        expect(await device.read(K8S)).toEqual(nothing);
        expect(await subject.connect(K8S).read(K8S)).toEqual(nothing);
        expect(await declare(device, stateOf([plain]))).toBe('applied');
      });

      test('each partition by itself', async () => {
        const other = subject.connect('other');
        const state = stateOf([plain]);
        await declare(device, state);
        const elsewhere = exposure({
          address: '172.16.100.9',
          members: [{ ...POD!, address: '10.244.2.1' }],
        });
        await declare(other, stateOf([elsewhere]), 'other');
        expect(await device.read(K8S)).toMatchObject(declaredAs(state));
        expect(await device.verify(K8S, state)).toEqual([]);
      });

      test('in the steps that it says it needs', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        const members = [POD!, { ...POD!, address: '10.244.1.9' }];
        const next = weighted(stateOf([exposure({ port: 1, members })], 2, state), 5);
        await declare(device, device.capabilities.firstStep(state, next));
        await declare(device, next);
        expect(await device.verify(K8S, next)).toEqual([]);
        expect(await device.read(K8S)).toMatchObject(declaredAs(next));
      });
    });

    describe('protects what is declared', () => {
      test('a declare that is based on an old reading is refused and changes nothing', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        const stale = await lockKeyOf(device);
        const now = stateOf([exposure({ port: 5 })], 2, state);
        await declare(subject.connect(K8S), now);
        await expect(device.declare(K8S, state, stale)).rejects.toMatchObject({
          code: 'BIP430',
          fault: 'transient',
        });
        expect(await device.read(K8S)).toMatchObject(declaredAs(now));
      });

      test('of two clients that both found nothing, the slower one is refused', async () => {
        const state = stateOf([plain]);
        const slow = subject.connect(K8S);
        const key = await lockKeyOf(slow);
        await declare(device, state);
        await expect(slow.declare(K8S, stateOf([]), key)).rejects.toMatchObject({ code: 'BIP430' });
        expect(await slow.read(K8S)).toMatchObject(declaredAs(state));
      });

      test('a partition is created without content, once, and what is there stays', async () => {
        expect(await device.prepare(K8S)).toBe(true);
        const key = await lockKeyOf(device);
        expect(key).toBeDefined();
        expect((await device.read(K8S)) as object).toMatchObject({
          kind: 'ours',
          declared: { state: EMPTY_STATE },
        });
        await device.declare(K8S, stateOf([plain]), key);
        expect(await device.prepare(K8S)).toBe(false);
        expect(await device.verify(K8S, stateOf([plain]))).toEqual([]);
        await subject.createPartition('foreign');
        expect(await subject.connect('foreign').prepare('foreign')).toBe(false);
      });

      test('a partition of another client is refused', async () => {
        await subject.createPartition(K8S);
        expect(await device.read(K8S)).toMatchObject({ kind: 'refused', code: 'OWN303' });
      });

      test('a dry run reads, pretends to declare, and writes nothing', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        const dry = dryRunDevice(device, createLogger('silent'));
        const next = stateOf([], 2, state);
        expect(await declare(dry, next)).toBe('applied');
        expect(await dry.read(K8S)).toMatchObject(declaredAs(next));
        expect(await device.read(K8S)).toMatchObject(declaredAs(state));
        expect(dry.capabilities).toBe(device.capabilities);
      });
    });

    describe('fails in the classes of faults', () => {
      test('content: it names the exposure or the object, and declares nothing', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        const next = stateOf([plain, refused], 2, state);
        await expect(declare(device, next)).rejects.toMatchObject({
          fault: 'content',
          response: expect.stringContaining(NOWHERE),
        });
        expect(await device.read(K8S)).toMatchObject(declaredAs(state));
        expect(await device.verify(K8S, state)).toEqual([]);
      });

      test('transient: busy with the declare of another client', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        expect(await device.isHeld()).toBe(false);
        subject.busy();
        await expect(declare(device, stateOf([], 2, state))).rejects.toMatchObject({
          code: 'BIP503',
          fault: 'transient',
        });
        expect(await device.isHeld()).toBe(true);
        expect(await device.read(K8S)).toMatchObject(declaredAs(state));
      });

      test('ambiguous: a lost answer, after which the state can be read', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        const next = stateOf([exposure({ port: 2 })], 2, state);
        subject.loseAnswer();
        await expect(declare(device, next)).rejects.toMatchObject({ fault: 'ambiguous' });
        // The declare has not finished when its response is lost.
        while (JSON.stringify(await device.read(K8S)).includes('"port":1,')) await pause();
        expect(await device.read(K8S)).toMatchObject(declaredAs(next));
      });

      test('away: nothing can be read or written', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        await subject.away();
        for (const call of [
          () => device.read(K8S),
          () => device.declare(K8S, state, 'key'),
          () => device.drift(K8S, state),
          () => device.foreign(),
        ])
          expect(isAwayOrOpen(await call().catch((error: unknown) => error))).toBe(true);
      });
    });

    describe('says what is there', () => {
      test('objects that settings refer to and that do not exist', async () => {
        const missing = { kind: 'iRule', path: NOWHERE } as const;
        const found = await device.missing([
          missing,
          { kind: 'iRule', path: '/Common/_sys_https_redirect' },
        ]);
        expect(found).toEqual([{ ...missing, response: expect.stringContaining(NOWHERE) }]);
      });

      test('addresses that other clients hold, and none of its own', async () => {
        await declare(device, stateOf([plain]));
        await subject.holdAddress('192.0.2.7', 8_443);
        const held = await device.foreign();
        expect(held).toContainEqual(
          expect.objectContaining({ partition: 'Common', address: '192.0.2.7', port: 8_443 }),
        );
        expect(held.filter(({ partition }) => partition === K8S)).toEqual([]);
        expect(await device.foreignServers()).toEqual(
          held.flatMap((one) =>
            one.port === undefined
              ? []
              : [expect.objectContaining({ ...one, monitors: [], persistence: [] })],
          ),
        );
      });

      test('a held address is refused to a new exposure', async () => {
        await subject.holdAddress('172.16.100.195', 1);
        await expect(declare(device, stateOf([plain]))).rejects.toMatchObject({
          code: 'BIP422',
          fault: 'content',
        });
      });

      test('a declared partition that is not configured, which holds its addresses', async () => {
        const state = stateOf([plain]);
        await declare(device, state);
        expect(await device.abandoned()).toEqual([]);
        const other = subject.connect('other');
        expect(await other.abandoned()).toMatchObject([{ partition: K8S, state }]);
        expect(await other.foreign()).toContainEqual(
          expect.objectContaining({ path: pathOf(state), partition: K8S, port: 1 }),
        );
      });

      test('facts about itself', async () => {
        expect(await device.facts()).toMatchObject({ hostname: expect.any(String) });
      });
    });

    describe('compares itself with its declaration', () => {
      const state = stateOf([plain]);
      beforeEach(() => declare(device, state));

      test('nothing differs after a declare', async () => {
        expect(await device.drift(K8S, state)).toEqual([]);
      });

      test('a virtual server removed by hand is missing, seen by verify too', async () => {
        await subject.removeServer(pathOf(state));
        expect(await device.drift(K8S, state)).toContainEqual(
          expect.objectContaining({ kind: 'missing', path: pathOf(state), heal: 'declare' }),
        );
        expect(await device.verify(K8S, state)).toEqual([expect.stringContaining(pathOf(state))]);
      });

      test('a virtual server disabled by hand differs, and can be kept', async () => {
        await subject.disableServer(pathOf(state));
        expect(await device.drift(K8S, state)).toMatchObject([
          {
            kind: 'differs',
            path: pathOf(state),
            heal: 'declare',
            adopt: { key: '172.16.100.195:1/tcp', values: { enabled: false } },
          },
        ]);
      });

      test('a declare does not restore some properties, one write does, once', async () => {
        await subject.limitNode(K8S, POD!.address);
        const found = await device.drift(K8S, state);
        expect(found).toMatchObject([
          { kind: 'differs', path: `/${K8S}/${POD!.address}`, heal: 'patch' },
        ]);
        expect(await device.writeBack(K8S, found)).toHaveLength(1);
        expect(await device.drift(K8S, state)).toEqual([]);
      });

      test('a repair writes nothing outside of its partition', async () => {
        await subject.limitNode(K8S, POD!.address);
        const found = await device.drift(K8S, state);
        expect(await device.writeBack('other', found)).toEqual([]);
        expect(await device.drift(K8S, state)).toEqual(found);
      });

      test('differences that another device found mean nothing to it', async () => {
        const foreign = { kind: 'differs', path: '/k8s/x', message: '', heal: 'patch' } as const;
        expect(await device.writeBack(K8S, [{ ...foreign, write: {} }, foreign])).toEqual([]);
      });
    });

    describe('drains at the nodes', () => {
      const state = stateOf([plain]);
      const next = stateOf([drained], 2, state);
      const availability = async (): Promise<readonly string[]> =>
        (await subject.openNodes().nodes(K8S)).map((node) => node.availability);
      beforeEach(() => declare(device, state));

      test('a drain is no change for a declare; the node follows, and returns', async () => {
        expect(await declare(device, next)).toBe('unchanged');
        expect(await device.reconcileMembers(K8S, next)).toEqual([POD!.address]);
        expect(await availability()).toEqual(['draining']);
        expect(await device.reconcileMembers(K8S, next)).toEqual([]);
        const ready = stateOf([plain], 3, next);
        await declare(device, ready);
        expect(await availability()).toEqual(['ready']);
      });

      test('express writes a node ahead of its slice, which a declare leaves alone', async () => {
        const nodes = subject.openNodes();
        const version = { epoch: 1, counter: 5, generation: 1 };
        const write = {
          name: POD!.address,
          address: POD!.address,
          availability: 'out' as const,
          stamp: { cluster: 'east', version },
        };
        expect(await nodes.declared(K8S)).toMatchObject(state);
        expect(await nodes.write(K8S, write)).toBe('written');
        expect(await nodes.nodes(K8S)).toMatchObject([write]);
        expect(await device.nodes(K8S)).toEqual(await nodes.nodes(K8S));
        await declare(device, stateOf([plain], 3, state));
        expect(await availability()).toEqual(['out']);
        expect(await nodes.reconcile(K8S, stateOf([plain], 6, state))).toEqual([POD!.address]);
        expect(await availability()).toEqual(['ready']);
      });

      test('one of several steps does not enable a node that the whole slice drains', async () => {
        const other = exposure({ port: 3, members: [POD!] });
        const both = stateOf([plain, other], 2, state);
        await declare(device, both);
        const stamp = { cluster: 'east', version: { epoch: 1, counter: 3, generation: 1 } };
        const write = { name: POD!.address, address: POD!.address, stamp };
        await subject.openNodes().write(K8S, { ...write, availability: 'draining' });
        await declare(device, stateOf([drained, other], 3, both));
        expect(await availability()).toEqual(['draining']);
      });

      test('a node that a declare removed is gone', async () => {
        await declare(device, stateOf([], 2, state));
        const version = { epoch: 1, counter: 5, generation: 1 };
        const stamp = { cluster: 'east', version };
        const write = { name: POD!.address, address: POD!.address, stamp };
        const nodes = subject.openNodes();
        expect(await nodes.write(K8S, { ...write, availability: 'out' })).toBe('gone');
        expect(await nodes.nodes(K8S)).toEqual([]);
      });
    });

    describe('says what it can do', () => {
      test('metadata and drains cost nothing, content does, a new exposure most', () => {
        const { cost, exposure: whole, most } = device.capabilities.declareSize;
        const [before, after] = [only(stateOf([plain])), only(stateOf([drained]))];
        const joined = only(
          stateOf([exposure({ port: 1, members: [POD!, { ...POD!, address: '10.244.1.7' }] })]),
        );
        expect(cost(before, before)).toBe(0);
        expect(cost(before, after)).toBe(0);
        expect(cost(before, joined)).toBeGreaterThan(0);
        expect(cost(before, joined)).toBeLessThanOrEqual(whole);
        for (const change of [cost(undefined, before), cost(before, undefined)])
          expect(change).toBeGreaterThanOrEqual(whole);
        expect(most).toBeGreaterThanOrEqual(whole);
      });

      test('every exposure has a name and a path of its own', () => {
        const places = [
          plain,
          exposure({ port: 11 }),
          exposure({ port: 1, protocol: 'udp' }),
          exposure({ port: 1, address: '172.16.100.19' }),
          exposure({ port: 1, address: '2001:db8::1' }),
        ];
        const { nameOf, pathOf: full } = device.capabilities;
        expect(new Set(places.map(nameOf)).size).toBe(places.length);
        expect(new Set(places.map((one) => full(K8S, one))).size).toBe(places.length);
        for (const one of places) expect(full(K8S, one)).toMatch(/^\/k8s\//);
      });

      test('a declaration that it would send contains the exposures of every partition', () => {
        const states = new Map([[K8S, stateOf([plain])]]);
        const { bodyOf, bytesOf } = device.capabilities;
        const body = JSON.stringify(bodyOf(states, { save: false }));
        expect(body).toContain('172.16.100.195');
        expect(bytesOf(stateOf([plain]))).toBeGreaterThan(0);
      });
    });

    describe('under the loop of apply', () => {
      test('what it refuses is left out with its message, the rest is declared', async () => {
        const result = await applyPartition({
          device,
          partition: K8S,
          slices: [asked(1, [plain, refused])],
          sameFleet: () => false,
          clock,
          hasTime: () => true,
        });
        expect(Object.keys(result.declared.exposures)).toEqual(['172.16.100.195:1/tcp']);
        expect([...result.rejections.values()].map(({ error }) => error.code)).toEqual(['BIP424']);
        expect(await device.read(K8S)).toMatchObject(declaredAs(result.declared));
        expect(await device.drift(K8S, result.declared)).toEqual([]);
      });
    });
  });
}

function isAwayOrOpen(error: unknown): boolean {
  return isAway(error) || (error as { code?: string }).code === 'BIP508';
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
