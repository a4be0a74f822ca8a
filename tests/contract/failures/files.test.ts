import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createFileBlobs } from '../../../shared/failures/fs/blobs.ts';
import { leaveFolder } from '../../../shared/failures/fs/leaving.ts';
import { createLock } from '../../../shared/failures/fs/lock.ts';
import { failureStoreContract } from './suite.ts';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'sluice-failures-'));
  folders.push(made);
  return made;
};
const clean = (): void => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true, force: true });
};

failureStoreContract('failure store in a directory', async () => {
  const root = join(folder(), 'failures');
  return { blobs: () => createFileBlobs(root, randomUUID), stop: async () => clean() };
});

describe('blobs in a directory', () => {
  afterEach(clean);

  test('concurrent conditional writes of several processes lose no update', async () => {
    const root = folder();
    const worker = new URL('../../fixtures/failures/counter.ts', import.meta.url).pathname;
    const run = (): Promise<number | null> =>
      new Promise((resolve) =>
        spawn(process.execPath, ['--disable-warning=ExperimentalWarning', worker, root, '50'], {
          stdio: 'inherit',
        }).on('exit', resolve),
      );
    expect(await Promise.all([run(), run(), run()])).toEqual([0, 0, 0]);
    const blobs = createFileBlobs(root, randomUUID);
    expect((await blobs.get('counter.json'))?.text).toBe('150');
    await blobs.close();
  });

  /**
   * Red without the lock: the condition is checked, and then the blob of the other process is
   * overwritten.
   */
  test('a conditional write waits for a concurrent writer, and then sees its result', async () => {
    const root = folder();
    const holder = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        new URL('../../fixtures/failures/holder.ts', import.meta.url).pathname,
        root,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = new Promise((resolve) => holder.on('exit', resolve));
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const blobs = createFileBlobs(root, randomUUID);
    expect(await blobs.put('counter.json', 'mine', 'absent')).toBeUndefined();
    expect(await ended).toBe(0);
    expect((await blobs.get('counter.json'))?.text).toBe('theirs');
    await blobs.close();
  });

  /** Red without fsync: after a power failure there could be a file name without content. */
  test('a file with its final name is on the disk', async () => {
    const writer = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        new URL('../../fixtures/failures/order.ts', import.meta.url).pathname,
        folder(),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let said = '';
    writer.stdout.on('data', (chunk) => void (said += String(chunk)));
    expect(await new Promise((resolve) => writer.on('close', resolve))).toBe(0);
    expect(said).toBe('written, on the disk, named');
  });

  test('a half-written file of a killed process is not seen', async () => {
    const root = folder();
    writeFileSync(join(root, '.0f3c.tmp'), '{"half');
    const blobs = createFileBlobs(root, randomUUID);
    expect(await blobs.list('')).toEqual([]);
    await blobs.put('a/b.json', '1');
    expect((await blobs.list('')).map((e) => e.key)).toEqual(['a/b.json']);
    expect(readdirSync(join(root, 'a'))).toEqual(['b.json']);
    await blobs.close();
  });

  test.each(['get', 'put', 'delete', 'list'] as const)(
    'follows no symbolic link out of the directory: %s',
    async (what) => {
      const [root, outside] = [folder(), folder()];
      writeFileSync(join(outside, 'x.json'), 'theirs');
      symlinkSync(outside, join(root, 'index'));
      symlinkSync(join(outside, 'x.json'), join(root, 'link.json'));
      const blobs = createFileBlobs(root, randomUUID);
      const refused = { code: 'RPL716', message: expect.stringContaining('symbolic link') };
      if (what === 'list') expect(await blobs.list('')).toEqual([]);
      if (what === 'list') await expect(blobs.list('index/')).rejects.toMatchObject(refused);
      else
        for (const key of ['index/x.json', 'index/new/x.json', 'link.json'])
          await expect(blobs[what](key, 'mine')).rejects.toMatchObject(refused);
      expect(readFileSync(join(outside, 'x.json'), 'utf8')).toBe('theirs');
      expect(readdirSync(outside)).toEqual(['x.json']);
      await blobs.close();
    },
  );

  test('only the owner can read its content, regardless of previous permissions', async () => {
    const root = join(folder(), 'failures');
    mkdirSync(root, { mode: 0o755 });
    chmodSync(root, 0o755);
    const blobs = createFileBlobs(root, randomUUID);
    await blobs.put('a/b.json', '1', 'absent');
    await blobs.close();
    const modes = ['', '.lock', 'a', 'a/b.json'].map((name) =>
      (statSync(join(root, name)).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['700', '600', '700', '600']);
  });

  test('an unusable directory is reported with the setting', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    const blobs = createFileBlobs(join(file, 'failures'), randomUUID);
    await expect(blobs.put('a.json', '1')).rejects.toMatchObject({
      code: 'RPL700',
      message: expect.stringContaining('failures.path'),
    });
  });

  /** Directories below a folder, as the kernel lists them. */
  const openFiles = (root: string): readonly string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const path = readlinkSync(`/proc/self/fd/${fd}`);
        return path.startsWith(root) ? [path] : [];
      } catch {
        // The listing itself was open while it was read.
        return [];
      }
    });

  test('leaves no file open and no temporary file, whether a write succeeds or fails', async () => {
    const root = folder();
    const blobs = createFileBlobs(root, randomUUID);
    for (let n = 0; n < 10; n++) {
      const tag = await blobs.put(`a/${n}.json`, '1', 'absent');
      expect(await blobs.put(`a/${n}.json`, '2', 'absent')).toBeUndefined();
      expect(await blobs.put(`a/${n}.json`, '3', { tag: 'another' })).toBeUndefined();
      expect(await blobs.put(`a/${n}.json`, '4', { tag: tag! })).toBeDefined();
      expect((await blobs.get(`a/${n}.json`))?.text).toBe('4');
    }
    await blobs.close();
    expect(openFiles(root)).toEqual([]);
    expect(readdirSync(join(root, 'a')).toSorted()).toEqual(
      Array.from({ length: 10 }, (_, n) => `${n}.json`),
    );
  });

  test('a lock can be closed twice, as when a second signal arrives during the shutdown', () => {
    const lock = createLock(join(folder(), '.lock'));
    expect(lock.hold(() => 'done')).toBe('done');
    lock.close();
    expect(() => lock.close()).not.toThrow();
  });

  test('an existing but unreadable blob is an error, not a missing one', async () => {
    const root = folder();
    mkdirSync(join(root, 'index', 'ab.json'), { recursive: true });
    const blobs = createFileBlobs(root, randomUUID);
    await expect(blobs.get('index/ab.json')).rejects.toMatchObject({ code: 'RPL700' });
  });

  test('lists nothing below a blob', async () => {
    const blobs = createFileBlobs(folder(), randomUUID);
    await blobs.put('a.json', '1');
    expect(await blobs.list('a.json/')).toEqual([]);
    await blobs.close();
  });

  test('lists by the beginning of a name, in order, folders included', async () => {
    const blobs = createFileBlobs(folder(), randomUUID);
    const names = Array.from({ length: 40 }, (_, n) => `jobs/${n}/items-${n}.json`);
    for (const name of [...names, 'jobs.json', 'job/x.json', 'x/jobs/1/items-1.json'])
      await blobs.put(name, '1');
    const listed = async (prefix: string): Promise<readonly string[]> =>
      (await blobs.list(prefix)).map(({ key }) => key);
    const sorted = names.toSorted();
    expect(await listed('jobs/')).toEqual(sorted);
    expect(await listed('jobs/1')).toEqual(sorted.filter((name) => name.startsWith('jobs/1')));
    expect(await listed('jobs/1/')).toEqual(['jobs/1/items-1.json']);
    expect(await listed('jobs/1/items')).toEqual(['jobs/1/items-1.json']);
    expect(await listed('job')).toEqual(['job/x.json', 'jobs.json', ...sorted]);
    expect(await listed('nothing/')).toEqual([]);
    expect(await listed('')).toEqual([
      'job/x.json',
      'jobs.json',
      ...sorted,
      'x/jobs/1/items-1.json',
    ]);
    await blobs.close();
  });
});

describe('a directory that is left for another place', () => {
  afterEach(clean);
  const filled = async (): Promise<string> => {
    const root = join(folder(), 'failures');
    const blobs = createFileBlobs(root, randomUUID);
    await blobs.put('a/large', 'x'.repeat(1_100_000));
    await blobs.put('b/small', 'y');
    await blobs.close();
    return root;
  };

  test('gives all files in pages, as often as it is asked', async () => {
    const source = leaveFolder(await filled());
    for (let i = 0; i < 2; i += 1) {
      const pages: unknown[] = [];
      for await (const page of source.pages()) pages.push(page.map(({ key, kind }) => [key, kind]));
      expect(pages).toEqual([[['a/large', 'a']], [['b/small', 'b']]]);
    }
    await source.close();
  });

  test('is not left while a process that wrote to it runs, and takes no new one', async () => {
    const root = await filled();
    const user = createFileBlobs(root, randomUUID);
    await user.put('c', '1');
    expect(() => leaveFolder(root)).toThrow(/failures is in use; stop "sluice up"/);
    await user.close();
    const source = leaveFolder(root);
    expect(() => leaveFolder(root)).toThrow(/is in use/);
    source.mark('PostgreSQL');
    await source.close();
    await expect(user.put('c', '2')).rejects.toMatchObject({
      code: 'RPL718',
      message: expect.stringMatching(/was moved to PostgreSQL .* delete .*failures\/\.moved/),
    });
    expect(await user.get('c')).toMatchObject({ text: '1' });
  });

  /** As older versions do, which say nothing about themselves. */
  test.each([
    ['written', (root: string) => writeFileSync(join(root, 'c'), '1')],
    ['changed', (root: string) => writeFileSync(join(root, 'b', 'small'), 'other')],
    ['deleted', (root: string) => rmSync(join(root, 'a'), { recursive: true })],
  ])('notices that something was %s meanwhile', async (_, change) => {
    const root = await filled();
    const source = leaveFolder(root);
    const pages = source.pages()[Symbol.asyncIterator]();
    await pages.next();
    change(root);
    await expect(pages.next()).rejects.toThrow(/changed meanwhile; stop what uses it/);
    await source.close();
  });
});
