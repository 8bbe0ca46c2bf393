// 200 people, each with a connection and a query every 2 s, beside imports of two tenants in the same gateway, from the upload
// on, and without, in turn in one run; and how late the gateway's event loop is meanwhile. --gateway takes the file
// bench/gateway-process.ts of another clone, to compare with:
// node bench/import-crowd.ts --rounds 5
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { createKey } from "../src/modules/api-key/operator.ts";
import { seed } from "../src/seed/seed.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { generateLoad } from "./load-generator.ts";
import { median, range } from "./measure.ts";
import { say, two, whole } from "./print.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "100" },
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    rows: { type: "string", default: "200000" },
    gateway: { type: "string" },
  },
});
const slugs = ["people", "first", "second"];
const body = JSON.stringify({
  query: "{ contacts(first: 20) { nodes { id displayName email account { id displayName } } } }",
});

const cluster = await startThrowaway();
const database = openDatabase({ url: cluster.url });
try {
  await migrate({ url: cluster.url });
  await seed({ url: cluster.url, tenants: 3, accounts: 500, seed: 3, slugs });
  const keyOf = async (tenantSlug: string): Promise<string> => {
    const asked = { tenantSlug, scopes: ["*"], name: "bench", requestsPerMinute: 1_000_000 };
    return (await createKey(database, { ...asked, env: "test" })).key;
  };
  const people: string[] = [];
  while (people.length < 20) people.push(await keyOf("people"));
  const importers = [await keyOf("first"), await keyOf("second")];
  const gateway = await startGatewayProcess(cluster.url, values.gateway, {
    REQUESTS_PER_MINUTE: "1000000000",
    POINTS_PER_MINUTE: "1000000000",
    JOBS: "on",
  });
  const url = `http://127.0.0.1:${gateway.port}/api/v1/crm/imports`;
  const send = async (key: string, round: number): Promise<string> => {
    let file = "external_id,first_name,last_name,email\n";
    for (let row = 0; row < Number(values.rows); row += 1) {
      file += `r${round}-${row},Ada,Person ${row},r${round}.${row}@company${row % 500}.example\n`;
    }
    const headers = { "x-api-key": key, "content-type": "text/csv" };
    const post = () => fetch(`${url}?entity=contacts`, { method: "POST", headers, body: file });
    let answer = await post();
    // An upload is a request like others: a gateway with too many of them says when to come again.
    for (; answer.status === 503; answer = await post()) await sleep(500);
    const text = await answer.text();
    const id = /imp-[0-9a-f-]{36}/.exec(text)?.[0];
    if (id === undefined) throw new Error(`${answer.status} ${text}`);
    return id;
  };
  const done = async (key: string, id: string): Promise<number> => {
    const answer = await fetch(`${url}/${id}`, { headers: { "x-api-key": key } });
    return Number(/"rows_done":\s*(\d+)/.exec(await answer.text())?.[1]);
  };
  const load = async (): Promise<{ readonly p99: number; readonly delay: number }> => {
    await gateway.delay();
    const answered = await generateLoad({
      port: gateway.port,
      keys: people,
      body,
      seconds: Number(values.seconds),
      rate: Number(values.rate),
      connections: 200,
    });
    const times = (answered[200] ?? []).toSorted((one, other) => one - other);
    const others = Object.entries(answered).filter(([status]) => status !== "200");
    for (const [status, all] of others) say(`  ${all.length} answers ${status}`);
    return {
      p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
      delay: await gateway.delay(),
    };
  };
  try {
    await load();
    const ratios: number[] = [];
    const delays: number[] = [];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      const without = await load();
      const sending = Promise.all(importers.map((key) => send(key, round)));
      const beside = await load();
      const ids = await sending;
      const written = await Promise.all(importers.map((key, place) => done(key, ids[place] ?? "")));
      ratios.push(beside.p99 / without.p99);
      delays.push(beside.delay / without.delay);
      say(
        `round ${round + 1}: p99 ${two(without.p99)} ms without, ${two(beside.p99)} ms beside imports that wrote ${written.map(whole).join(" and ")} rows meanwhile; the event loop was late by ${two(without.delay)} and ${two(beside.delay)} ms`,
      );
      for (const [place, key] of importers.entries()) {
        await fetch(`${url}/${ids[place]}/cancel`, {
          method: "POST",
          headers: { "x-api-key": key },
        });
      }
    }
    console.log(
      `p99 of people beside two imports: ${two(median(ratios))} times as long (${range(ratios)}), and that of the event loop's delay ${two(median(delays))} (${range(delays)})`,
    );
  } finally {
    await gateway.stop();
  }
} finally {
  await database.close();
  await cluster.stop();
}
