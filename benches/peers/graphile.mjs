// graphile-worker: `graphile.mjs URL JOBS PRODUCERS`; the worker and the producers in one process.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const [url, jobs, producers] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const logger = new Logger(() => () => {});
const utils = await makeWorkerUtils({ connectionString: url, logger });
await utils.migrate();

let begun = 0;
const runner = await run({
  logger,
  noHandleSignals: true,
  taskList: { noop: () => { begun += 1; } },
  preset: { worker: { connectionString: url, concurrentJobs: 10, maxPoolSize: 10, pollInterval: 2000 } },
});
const pool = new pg.Pool({ connectionString: url, max: producers });
const add = (n) => pool.query("select graphile_worker.add_job('noop', json_build_object('n', $1::int))", [n]);
const until = async (count) => { while (begun < count) await new Promise((done) => setTimeout(done, 2)); };

for (let n = 0; n < 20; n += 1) await add(n);
await until(20);

const [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
await Promise.all(Array.from({ length: producers }, async (_, first) => {
  for (let n = first; n < jobs; n += producers) await add(n);
}));
await until(20 + jobs);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const used = process.cpuUsage(cpu);
console.log(JSON.stringify({
  peer: "graphile-worker, concurrency 10", store: "postgres", test: "e2e", count: jobs, producers,
  per_s: Math.round(jobs / seconds), cpu_ms_each: (used.user + used.system) / 1e3 / jobs,
}));
await runner.stop();
await pool.end();
await utils.release();
