/** A real Prometheus. Where there is none, its tests are skipped with a line, unless it is required. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import { freePort } from '../fixtures/free-port.ts';

const SERVER = '/usr/bin/prometheus';
const TOOL = '/usr/bin/promtool';
const isThere = [SERVER, TOOL].every((path) => existsSync(path));

if (!isThere) {
  const missing = `${SERVER} and ${TOOL} are absent; install Debian's package prometheus`;
  if (process.env['PROMETHEUS_TESTS'] === 'required') throw new Error(missing);
  process.stderr.write(`Tests with Prometheus are skipped: ${missing}.\n`);
}

/** Its tests need Prometheus. */
export const describeWithPrometheus = isThere ? describe : describe.skip;

/** What promtool printed; rejects with it if it is not satisfied. */
export async function promtool(...args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(TOOL, args)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${stdout}${stderr}`, { cause: error });
  }
}

export interface Prometheus {
  /** Number of series that the query returns now; rejects if Prometheus refuses it. */
  count(query: string): Promise<number>;
  stop(): Promise<void>;
}

/** Scrapes these addresses every second. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
  const config = join(folder, 'prometheus.json');
  const job = { job_name: 'sluice', static_configs: [{ targets }] };
  writeFileSync(
    config,
    JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: [job] }),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    SERVER,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(server, 'exit');
  return {
    count: async (query) => {
      const url = `http://${address}/api/v1/query?query=${encodeURIComponent(query)}`;
      const answer = (await (await fetch(url)).json()) as {
        readonly status: string;
        readonly error?: string;
        readonly data?: { readonly result: readonly unknown[] };
      };
      if (answer.data === undefined) throw new Error(`${query}: ${answer.error}`);
      return answer.data.result.length;
    },
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
