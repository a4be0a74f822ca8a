/** The gate itself: what makes a crash point of each call, without a list of calls. */
import { describe, expect, test } from '@jest/globals';
import { countAll, killAt, portsThrough } from './support/gate.ts';

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

  test('refuses a method that answers at once, until somebody decides that it is no call', async () => {
    const { port } = portsThrough({ port: { peek: () => 1 } }, countAll());
    await expect((async () => port.peek())()).rejects.toThrow('port.peek answers at once');
  });

  test('refuses a port without methods of its own', () => {
    expect(() => portsThrough({ port: new Map() }, countAll()).port).toThrow('port has no methods');
  });
});
