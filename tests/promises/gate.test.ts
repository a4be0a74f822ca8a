/** The gate itself: what makes a crash point of each call, without a list of calls. */
import { describe, expect, test } from '@jest/globals';
import { countAll, failAt, killAt, portsThrough } from './support/gate.ts';

describe('the gate before the ports of a process', () => {
  const portsWith = (
    put: () => Promise<string>,
  ): { readonly store: { put(): Promise<string> } } => ({
    store: { put },
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('ends it %s a call of a method that nobody named', async (when, effects) => {
    let done = 0;
    const gate = killAt(1, when);
    const seen = portsThrough(
      portsWith(async () => `${(done += 1)}`),
      gate,
    );
    const answer = seen.store.put().then(() => 'answered');
    expect(await Promise.race([answer, gate.death.then(() => 'dead')])).toBe('dead');
    expect([gate.calls, done]).toEqual([['store.put'], effects]);
  });

  test('counts the calls of what a method answers with, and of what a port has inside', async () => {
    const inner = { go: async () => 1 };
    const gate = countAll();
    const { port } = portsThrough({ port: { open: async () => inner, inner } }, gate);
    expect([await (await port.open()).go(), await port.inner.go()]).toEqual([1, 1]);
    expect(gate.calls).toEqual(['port.open', 'port.go', 'inner.go']);
  });

  test.each([
    ['before', ['a']],
    ['after', ['a', 'b']],
  ] as const)('ends it %s a piece of what is read piece by piece', async (when, asked) => {
    const sent: string[] = [];
    const pages = async function* pages(): AsyncGenerator<string> {
      for (const page of ['a', 'b', 'c']) {
        sent.push(page);
        yield page;
      }
    };
    const gate = killAt(2, when);
    const { kubernetes } = portsThrough({ kubernetes: { pages } }, gate);
    const got: string[] = [];
    const read = async (): Promise<void> => {
      for await (const page of kubernetes.pages()) got.push(page);
    };
    await Promise.race([read(), gate.death]);
    expect([sent, got, gate.calls]).toEqual([
      asked,
      ['a'],
      ['kubernetes.pages', 'kubernetes.pages'],
    ]);
  });

  test('closes what is read piece by piece when a piece fails', async () => {
    let isClosed = false;
    const watch = async function* watch(): AsyncGenerator<string> {
      try {
        yield 'a';
        yield 'b';
      } finally {
        isClosed = true;
      }
    };
    const gate = failAt(2, 'before', () => new Error('no'));
    const { kubernetes } = portsThrough({ kubernetes: { watch } }, gate);
    const read = async (): Promise<void> => {
      for await (const _ of kubernetes.watch());
    };
    await expect(read()).rejects.toThrow('no');
    expect(isClosed).toBe(true);
  });

  test('refuses a method that answers at once, until somebody decides that it is no call', async () => {
    const { port } = portsThrough({ port: { peek: () => 1 } }, countAll());
    await expect((async () => port.peek())()).rejects.toThrow('port.peek answers at once');
  });

  test('refuses a port without methods of its own', () => {
    expect(() => portsThrough({ port: new Map() }, countAll()).port).toThrow('port has no methods');
  });
});
