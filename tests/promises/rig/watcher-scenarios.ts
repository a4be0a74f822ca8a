/** What a watcher does in the tests that let something go wrong at each of its calls. */
import type { Watched, WatcherScenario } from './watched.ts';

const ONE = 'watch-one';
const OTHER = 'watch-other';
const THIRD = 'watch-third';
/** One that is over while a scenario lasts. Milliseconds. */
const SHORT_LEASE = { durationMs: 60_000, validMs: 40_000, renewMs: 20_000, lookMs: 5_000 };

/**
 * Two Gateways and two pods. The kinds of the Gateway API are not there: their streams are like the
 * others, and there are many.
 */
async function prepare({ world, cluster }: Watched): Promise<void> {
  cluster.api.serve('gateway.networking.k8s.io', false);
  for (const pod of [1, 2]) cluster.pod(pod, 'ready');
  for (const port of [1, 2]) cluster.gateway(port, true);
  world.start('functions');
}

async function running(w: Watched): Promise<void> {
  await prepare(w);
  w.start(ONE, 'subject');
  await w.pass(5);
}

/** By name. */
export const WATCHER_SCENARIOS: Readonly<Record<string, WatcherScenario>> = {
  'a start, and a Gateway that needs a Service port': {
    rest: 120,
    before: prepare,
    during: async (w) => {
      w.start(ONE, 'subject');
      await w.pass(5);
    },
  },
  'a new Gateway, and a pod that ends': {
    rest: 120,
    before: running,
    during: async (w) => {
      w.cluster.gateway(443, true);
      w.cluster.pod(2, 'ending');
      await w.pass(5);
    },
  },
  'a Gateway that was deleted while no watcher ran': {
    rest: 120,
    before: async (w) => {
      await prepare(w);
      w.start(ONE);
      await w.pass(5);
      w.kill(ONE);
      w.cluster.gateway(2, false);
    },
    during: async (w) => {
      w.start(ONE, 'subject');
      await w.pass(5);
    },
  },
  'a Service port that is withdrawn': {
    rest: 11 * 60,
    before: async (w) => {
      await running(w);
      w.cluster.gateway(2, false);
      await w.pass(290);
    },
    during: (w) => w.pass(30),
  },
  'a namespace that ends, while versions expire': {
    rest: 120,
    before: running,
    during: async (w) => {
      const { faults } = w.cluster.api;
      w.cluster.terminate();
      faults.compact();
      faults.cutWatches();
      w.cluster.gateway(2, false);
      await w.pass(2);
      w.cluster.clear();
      await w.pass(5);
    },
  },
  'a leader that ends without a word': {
    rest: 180,
    heir: THIRD,
    lease: SHORT_LEASE,
    before: async (w) => {
      await prepare(w);
      w.start(ONE);
      await w.pass(5);
      w.start(OTHER, 'subject');
      await w.pass(5);
      w.kill(ONE);
      w.cluster.gateway(2, false);
      await w.pass(50);
    },
    during: (w) => w.pass(20),
  },
  'a leader that hands over': {
    rest: 180,
    isLast: true,
    lease: SHORT_LEASE,
    before: async (w) => {
      await running(w);
      w.start(OTHER);
      await w.pass(5);
      w.cluster.gateway(443, true);
    },
    during: async (w) => {
      w.stop(ONE);
      await w.pass(10);
    },
  },
};
