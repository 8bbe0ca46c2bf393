import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maxAnswerBytes } from "../../src/db/work.ts";
import { makeSecret, signatureHeaders } from "../../src/webhooks/signature.ts";
import { Targets } from "../../src/webhooks/target/targets.ts";
import { bareEnvironment } from "../support/processes/environment.ts";

const secret = makeSecret();
const targets = new Targets({
  isProduction: false,
  allowHosts: { names: [], suffixes: [], networks: [] },
});
afterAll(() => targets.close());

const fileOf = (name: string): URL => new URL(`../../examples/webhooks/${name}`, import.meta.url);
const body = JSON.stringify({
  type: "deal.updated",
  timestamp: "2026-11-29T07:00:00.000Z",
  data: { record_id: "deal-1", version: 2, name: "Straße “2”" },
});

describe.each(["express.mjs", "hono.mjs"])("the receiver of examples/webhooks/%s", (name) => {
  let child: ChildProcessByStdio<null, Readable, null>;
  let output = "";
  let url = "";

  beforeAll(async () => {
    child = spawn(process.execPath, [fileURLToPath(fileOf(name))], {
      env: { ...bareEnvironment, PORT: "0", WEBHOOK_SECRET: secret },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [first]: unknown[] = await once(child.stdout, "data");
    url = String(first).trim();
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  });
  afterAll(() => child.kill());

  const send = (id: string, text = body, sent = body) =>
    targets.post(url, signatureHeaders(id, new Date(), text, [secret]), sent);

  test("takes what is signed, and handles it once however often it comes", async () => {
    expect(await send("msg_1")).toMatchObject({ status: 204 });
    expect(await send("msg_1")).toMatchObject({ status: 204 });
    expect(await send("msg_2")).toMatchObject({ status: 204 });
    await expect.poll(() => output).toBe("deal.updated deal-1 2\ndeal.updated deal-1 2\n");
  });

  test("takes as much as a query of the webhook's own may answer", async () => {
    const large = body.replace("Straße", "x".repeat(maxAnswerBytes));
    expect(await send("msg_large", large, large)).toMatchObject({ status: 204 });
  });

  test("refuses what was changed on the way, is unsigned, or is signed with another secret", async () => {
    expect(await send("msg_3", body, body.replace("2”", "3”"))).toMatchObject({ status: 400 });
    expect(await targets.post(url, {}, body)).toMatchObject({ status: 400 });
    const foreign = signatureHeaders("msg_3", new Date(), body, [makeSecret()]);
    expect(await targets.post(url, foreign, body)).toMatchObject({ status: 400 });
  });

  test("is the one that docs/live.md shows", async () => {
    const docs = await readFile(new URL("../../docs/live.md", import.meta.url), "utf8");
    expect(docs).toContain(await readFile(fileOf(name), "utf8"));
  });
});
