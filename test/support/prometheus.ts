/** A real Prometheus on loopback, and its HTTP API (prometheus.io/docs/prometheus/latest/querying/api). */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { onFreePort, startProcess, waitUntil, type RunningProcess } from '../../lab/process.ts';

export interface PrometheusOptions {
  readonly program: string;
  /** Receives its configuration, data and log. */
  readonly dir: string;
  /** Set over a scrape and an evaluation each second. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface Prometheus {
  readonly process: RunningProcess;
  /** An instant query; fails with Prometheus' own words. */
  query(expr: string): Promise<readonly Sample[]>;
  /** The `data` of any other endpoint, such as `rules`. */
  get<T>(endpoint: string): Promise<T>;
}

/** Starts it and waits until it is ready. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { url, process } = await onFreePort(
    (port) => launch(options, port),
    (started) =>
      waitUntil('Prometheus', async () => (await fetch(`${started.url}/-/ready`)).ok, started),
  );
  async function get<T>(endpoint: string): Promise<T> {
    const response = await fetch(`${url}/api/v1/${endpoint}`);
    const { status, data, error } = await response.json();
    assert.equal(status, 'success', `${endpoint}: ${error}`);
    return data;
  }
  return {
    process,
    get,
    query: async (expr) => {
      const asked = `query?${new URLSearchParams({ query: expr })}`;
      return (await get<{ readonly result: readonly Sample[] }>(asked)).result;
    },
  };
}

function launch({ program, dir, config }: PrometheusOptions, port: number) {
  const file = join(dir, 'prometheus.yaml');
  const global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  writeFileSync(file, stringify({ global, ...config }));
  const process = startProcess({
    name: 'prometheus',
    command: program,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(dir, 'prometheus-data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    cwd: dir,
    logFile: join(dir, 'prometheus.log'),
  });
  return { url: `http://127.0.0.1:${port}`, process };
}
