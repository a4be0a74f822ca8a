/** Storage of jobs. */
import * as z from 'zod';
import type { Blobs } from '../blobs.ts';
import { ReplayError } from '../error.ts';
import { ReplayItem, ReplayJob } from './job.ts';

/** Progress is saved page by page, so a page is small. */
const PAGE_ITEMS = 100;
/** Attempts to change a head that others change at the same time. */
const MAX_RACES = 20;

/** The items of a job, held by its driver. */
export interface Ledger {
  /** By their index in the job; updated by each `save`. */
  readonly items: readonly ReplayItem[];
  /** Resolves when stored; rejects with RPL704 if another driver wrote in the meantime. */
  save(changes: ReadonlyMap<number, ReplayItem>): Promise<void>;
}

/** Stores jobs. Rejects with RPL700 if the storage is unavailable. */
export interface Jobs {
  /** The id must be new; an existing head is not overwritten. */
  create(job: ReplayJob, items: readonly ReplayItem[]): Promise<void>;
  /** Newest first. */
  list(): Promise<readonly ReplayJob[]>;
  /** Rejects with RPL702 if it does not exist. */
  get(id: string): Promise<ReplayJob>;
  /** In their order; rejects with RPL702 if a page is missing. */
  items(id: string): Promise<readonly ReplayItem[]>;
  /** `edit` may be called several times, and throws to refuse the change. */
  update(id: string, edit: (job: ReplayJob) => ReplayJob): Promise<ReplayJob>;
  /** For the one driver of the job; a second one makes the next `save` of the first reject. */
  ledger(id: string): Promise<Ledger>;
  /**
   * Removes jobs that ended, or were never started, before `before`. Resolves with their number.
   */
  prune(before: number): Promise<number>;
}

const headKey = (id: string): string => `jobs/${id}/job.json`;
const pageKey = (id: string, page: number): string =>
  `jobs/${id}/items-${String(page).padStart(5, '0')}.json`;
const Page = z.array(ReplayItem);

/** States in which nothing is sent any more, or never was. */
const OVER: ReadonlySet<string> = new Set(['planned', 'cancelled', 'done']);

/** One blob of a job's items; jobs of thousands of failures have several. */
interface StoredPage {
  readonly key: string;
  /** Of the blob as it was read, for the next conditional write. */
  readonly tag: string;
  readonly items: readonly ReplayItem[];
}

/**
 * All pages of a job's items. Throws RPL702 if one is missing: a job without some of its items must
 * not look complete.
 */
async function readPages(blobs: Blobs, id: string): Promise<readonly StoredPage[]> {
  const entries = await blobs.list(`jobs/${id}/items-`);
  return Promise.all(
    entries.map(async ({ key }) => {
      const blob = await blobs.get(key);
      if (blob === undefined)
        throw new ReplayError('RPL702', `Page ${key} of job ${id} is missing from ${blobs.where}.`);
      return { key, tag: blob.tag, items: Page.parse(JSON.parse(blob.text)) };
    }),
  );
}

/**
 * A job by its id, with the tag for the next write. Throws RPL702 if it does not exist; an id with
 * other characters than ours is not looked up.
 */
async function readHead(
  blobs: Blobs,
  id: string,
): Promise<{ readonly job: ReplayJob; readonly tag: string }> {
  const blob = /^[\w-]+$/.test(id) ? await blobs.get(headKey(id)) : undefined;
  if (blob === undefined)
    throw new ReplayError(
      'RPL702',
      `No replay job ${id} in ${blobs.where}; "sluice replay status" lists all jobs.`,
    );
  return { job: ReplayJob.parse(JSON.parse(blob.text)), tag: blob.tag };
}

/** Keeps jobs in blobs below `jobs/`. */
export function createJobs(blobs: Blobs): Jobs {
  const listAll = async (): Promise<readonly ReplayJob[]> => {
    const heads = (await blobs.list('jobs/')).filter(({ key }) => key.endsWith('/job.json'));
    const jobs = await Promise.all(
      heads.map(async ({ key }) => (await readHead(blobs, key.split('/')[1] ?? '')).job),
    );
    return jobs.sort((a, b) => b.created - a.created);
  };
  return {
    create: async (job, items) => {
      // Pages first: a job exists as soon as its head exists.
      for (let page = 0; page * PAGE_ITEMS < items.length; page++)
        await blobs.put(
          pageKey(job.id, page),
          JSON.stringify(items.slice(page * PAGE_ITEMS, (page + 1) * PAGE_ITEMS)),
        );
      await blobs.put(headKey(job.id), JSON.stringify(job), 'absent');
    },
    list: listAll,
    get: async (id) => (await readHead(blobs, id)).job,
    items: async (id) => (await readPages(blobs, id)).flatMap((page) => page.items),
    update: async (id, edit) => {
      for (let race = 0; race < MAX_RACES; race++) {
        const { job, tag } = await readHead(blobs, id);
        const next = edit(job);
        if (
          next === job ||
          (await blobs.put(headKey(id), JSON.stringify(next), { tag })) !== undefined
        )
          return next;
      }
      throw new ReplayError(
        'RPL700',
        `Job ${id} changed ${MAX_RACES} times while it was being written.`,
      );
    },
    prune: async (before) => {
      const over = (await listAll()).filter(
        (job) => OVER.has(job.state) && (job.ended ?? job.created) < before,
      );
      // The head first: a job without a head does not exist, even if pages remain.
      for (const { id } of over)
        for (const key of [
          headKey(id),
          ...(await blobs.list(`jobs/${id}/items-`)).map((entry) => entry.key),
        ])
          await blobs.delete(key);
      return over.length;
    },
    ledger: async (id) => createLedger(blobs, id, await readPages(blobs, id)),
  };
}

/** The items of a job in memory, which are saved page by page. */
function createLedger(blobs: Blobs, id: string, stored: readonly StoredPage[]): Ledger {
  const pages = [...stored];
  const items = stored.flatMap((page) => [...page.items]);
  return {
    items,
    save: async (changes) => {
      const touched = Map.groupBy(changes, ([index]) => Math.floor(index / PAGE_ITEMS));
      for (const [number, edits] of touched) {
        const page = pages[number];
        if (page === undefined) throw new RangeError(`job ${id} has no page ${number}`);
        const next = page.items.map(
          (item, i) => edits.find(([index]) => index === number * PAGE_ITEMS + i)?.[1] ?? item,
        );
        const tag = await blobs.put(page.key, JSON.stringify(next), { tag: page.tag });
        if (tag === undefined)
          throw new ReplayError(
            'RPL704',
            `Another process runs job ${id} and wrote ${page.key} in the meantime.`,
          );
        pages[number] = { key: page.key, tag, items: next };
        for (const [index, item] of edits) items[index] = item;
      }
    },
  };
}
