import { createClient as createSseClient } from "graphql-sse";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findIdle, runKey } from "../../src/imports/run/sweep.ts";
import { at, listAt } from "../support/gateway/gateway.ts";
import { idOf, ImportFace, path } from "../support/imports/face.ts";
import { heldBytes } from "../support/run/collect.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { boundKey } from "../support/writes/writes.ts";

let face: ImportFace;

beforeAll(async () => {
  face = await ImportFace.start();
});
afterAll(() => face.started.gateway.close());

describe("imports side by side", () => {
  it("20 uploads at once are all taken, one after the other, and the same file twice is one import", async () => {
    const file = (number: number) => `email,last_name\nside${number}@x.example,Side\n`;
    const query = "entity=contacts&key=email";
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, index) => face.send(file(index % 10), { query })),
    );
    const refused = told.filter(({ status }) => status !== 200 && status !== 202);
    expect(refused.map(({ body }) => body)).toEqual([]);
    expect(told.filter(({ status }) => status === 202)).toHaveLength(10);
    expect(new Set(told.map(idOf)).size).toBe(10);
    for (const one of told) await face.over(one);
    const found = await face.started.rest.get("/api/v1/crm/contacts?last_name=Side");
    expect(at(found.body, "pagination", "count")).toBe(10);
  });

  it("a cancelled import writes nothing more, and stays cancelled", async () => {
    const told = await face.send("email,Zonk\nnever@x.example,1\n", {
      query: "entity=contacts&key=email",
    });
    const cancelled = await face.ask("POST", `${path}/${idOf(told)}/cancel`);
    expect(cancelled).toMatchObject({ status: 200, body: { status: "cancelled", rows_done: 0 } });
    await face.ask("POST", `${path}/${idOf(told)}/start?unmapped=ignore`);
    expect(await face.over(told)).toMatchObject({ status: "cancelled" });
    const found = await face.started.rest.get("/api/v1/crm/contacts?email=never@x.example");
    expect(listAt(found.body, "data")).toEqual([]);
  });

  it("an import ends when its key is revoked", async () => {
    const own = await face.started.gateway.keyFor("imports");
    const told = await face.send("email,Zonk\nrevoked@x.example,1\n", {
      query: "entity=contacts&key=email",
      key: own,
    });
    const revoke = `mutation { revokeApiKey(id: "key-${own.split("_")[2]}") { userErrors { message } } }`;
    expect(await face.started.gateway.data(face.started.key, revoke)).toEqual({
      revokeApiKey: { userErrors: [] },
    });
    await face.ask("POST", `${path}/${idOf(told)}/start?unmapped=ignore`);
    expect(await face.over(told)).toMatchObject({ status: "failed", rows_done: 0 });
    const found = await face.started.rest.get("/api/v1/crm/contacts?email=revoked@x.example");
    expect(listAt(found.body, "data")).toEqual([]);
  });
});

describe("who may", () => {
  it("needs the scopes of imports and of what is written", async () => {
    const keyWith = (...scopes: string[]) => face.started.gateway.keyFor("imports", scopes);
    const file = "email,last_name\nscopes@x.example,S\n";
    const query = "entity=contacts&key=email&dry_run=true";
    const imports = await keyWith("read:imports", "write:imports");
    expect(await face.send(file, { query, key: imports })).toMatchObject({
      status: 403,
      body: { missingScopes: ["write:contacts"] },
    });
    const contacts = await keyWith("write:contacts", "read:contacts");
    expect(await face.send(file, { query, key: contacts })).toMatchObject({
      status: 403,
      body: { missingScopes: ["write:imports", "read:imports"] },
    });
    expect((await face.ask("GET", path, {}, contacts)).status).toBe(403);
    const both = await keyWith("write:contacts", "read:contacts", "read:imports", "write:imports");
    expect((await face.send(file, { query, key: both })).status).toBe(202);
    const creating = { query: `${query}&create_missing=account`, key: both };
    expect(await face.send(file, creating)).toMatchObject({
      status: 403,
      body: { missingScopes: ["write:accounts"] },
    });
  });

  it("is told no ids of records whose kind it may not read", async () => {
    const name = "Two of a name";
    const { rest } = face.started;
    await rest.post("/api/v1/crm/accounts", { name });
    const { body: account } = await rest.post("/api/v1/crm/accounts", { name });
    const file = `email,last_name,Firma\nblind@x.example,B,${name}\n`;
    const query = "entity=contacts&map=Firma:account.name&force=true";
    const scopes = ["write:contacts", "read:imports", "write:imports"];
    for (const [more, isTold] of [
      [[], false],
      [["read:accounts"], true],
    ] as const) {
      const key = await face.started.gateway.keyFor("imports", [...scopes, ...more]);
      const told = await face.send(file, { query, key });
      expect(await face.over(told)).toMatchObject({ rows_refused: 1 });
      const { body } = await face.ask("GET", `${path}/${idOf(told)}/errors.csv`);
      expect(body).toContain("is not clear: two accounts have the name");
      expect(String(body).includes(String(at(account, "id")))).toBe(isTold);
    }
  });

  it("holds few refused rows at once while errors.csv is read, however long they are", async () => {
    const told = await face.send("email\nno\n", { query: "entity=contacts&key=email" });
    expect(await face.over(told)).toMatchObject({ rows_refused: 1 });
    await face.started.gateway.fixtures.client.query(
      `INSERT INTO import_refused_rows (tenant_id, import_id, row, cells)
       SELECT tenant_id, import_id, row + number, jsonb_build_object('email', repeat('x', 2000000))
       FROM import_refused_rows, generate_series(1, 100) AS number WHERE import_id = $1`,
      [idOf(told).slice("imp-".length)],
    );
    const before = heldBytes();
    const { url } = face.started.gateway;
    const { body } = await fetch(`${url}${path}/${idOf(told)}/errors.csv`, {
      headers: { "x-api-key": face.started.key },
    });
    const reader = body?.getReader();
    for (let read = 0; read < 4_000_000;) read += (await reader?.read())?.value?.length ?? 0;
    expect(heldBytes() - before).toBeLessThan(100_000_000);
    await reader?.cancel();
  });

  it("sees its own tenant's and its application's imports, and no others", async () => {
    const told = await face.send("email,Zonk\nmine@x.example,1\n", {
      query: "entity=contacts&key=email",
    });
    const other = await face.started.gateway.fixtures.tenant("other-imports");
    const strangers = [
      await face.started.gateway.keyFor(other.slug),
      await boundKey(face.started.gateway, face.started.key, { app_id: "app-9" }),
    ];
    const id = idOf(told);
    for (const stranger of strangers) {
      const answers = [
        await face.ask("GET", `${path}/${id}`, {}, stranger),
        await face.ask("GET", `${path}/${id}/errors.csv`, {}, stranger),
        await face.ask("POST", `${path}/${id}/cancel`, {}, stranger),
        await face.ask("POST", `${path}/${id}/start?unmapped=ignore`, {}, stranger),
      ];
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
      expect((await face.ask("GET", path, {}, stranger)).body).toMatchObject({ data: [] });
      const query = `{ import(id: "${id}") { id } imports { nodes { id } } }`;
      expect(await face.started.gateway.data(stranger, query)).toEqual({
        import: null,
        imports: { nodes: [] },
      });
      const stream = await EventStream.open(face.started.gateway.url, stranger, {
        query: `subscription { importProgress(id: "${id}") { import { id } } }`,
      });
      expect(await stream.error()).toMatchObject({ extensions: { code: "NOT_FOUND" } });
      await stream.close();
    }
    expect((await face.ask("GET", `${path}/${id}`)).body).toMatchObject({ status: "waiting" });
  });
});

describe("ids of another tenant in a file", () => {
  it("are not found, in the words that are said of ids that nobody has", async () => {
    const other = await face.started.gateway.fixtures.tenant("foreign-imports");
    const { id } = await other.account({ name: "Foreign", domain: "foreign.example" });
    const nobody = "acc-01900000-0000-7000-8000-000000000000";
    const row = (name: string, account: unknown) =>
      `${name},${name}@x.example,${String(account)}\n`;
    const byId = `last_name,email,account_id\n${row("Theirs", id)}${row("Nobodys", nobody)}`;
    const byValue = `last_name,email,Firma\n${row("Theirs", "foreign.example")}${row("Nobodys", "none.example")}`;
    for (const [file, query] of [
      [byId, "entity=contacts&key=email"],
      [byValue, "entity=contacts&key=email&map=Firma:account.domain"],
    ] as const) {
      const told = await face.send(file, { query });
      expect(await face.over(told)).toMatchObject({ rows_created: 0, rows_refused: 2 });
      const { body } = await face.ask("GET", `${path}/${idOf(told)}/errors.csv`);
      const [, theirs = "", nobodys = ""] = String(body).split("\r\n");
      const plain = (line: string): string =>
        line
          .replaceAll(id, "ID")
          .replaceAll(nobody, "ID")
          .replaceAll(/(foreign|none)\.example/g, "D");
      expect(plain(theirs).replaceAll("Theirs", "N").replace("2,", "")).toBe(
        plain(nobodys).replaceAll("Nobodys", "N").replace("3,", ""),
      );
    }
  });
});

describe("over GraphQL", () => {
  it("imports and their errors are pages, and the mutations tell what was wrong", async () => {
    const csv = "email,last_name\none,1\ntwo,2\nthree,3\n";
    const told = await face.send(csv, { query: "entity=contacts&key=email" });
    await face.over(told);
    const query = `query ($id: ID!, $after: String) { import(id: $id) {
      id recordType mode key isDryRun onError status rows rowsRefused columns { column field guessed note }
      errors(first: 2, after: $after) { nodes { row column field code message } pageInfo { hasNextPage endCursor } } } }`;
    const first = await face.started.gateway.data(face.started.key, query, { id: idOf(told) });
    expect(first).toMatchObject({
      import: {
        recordType: "Contact",
        mode: "upsert",
        onError: "continue",
        status: "done",
        rowsRefused: 3,
        errors: {
          nodes: [{ row: 2, column: "email", field: "email", code: "BAD_USER_INPUT" }, { row: 3 }],
          pageInfo: { hasNextPage: true },
        },
      },
    });
    const after = at(first, "import", "errors", "pageInfo", "endCursor");
    expect(
      await face.started.gateway.data(face.started.key, query, { id: idOf(told), after }),
    ).toMatchObject({
      import: { errors: { nodes: [{ row: 4 }], pageInfo: { hasNextPage: false } } },
    });
    const all = `{ imports(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } }`;
    expect(await face.started.gateway.data(face.started.key, all)).toMatchObject({
      imports: { nodes: [{ id: idOf(told) }], pageInfo: { hasNextPage: true } },
    });
    const nobody = "imp-01900000-0000-7000-8000-000000000000";
    const wrong = `mutation { cancelImport(id: "${nobody}") { import { id } userErrors { code message } } }`;
    expect(await face.started.gateway.data(face.started.key, wrong)).toMatchObject({
      cancelImport: { import: null, userErrors: [{ code: "NOT_FOUND" }] },
    });
  });

  it("an import is followed from its waiting to its end, by server-sent events", async () => {
    const told = await face.send("email,last_name,Zonk\nlive@x.example,L,1\n", {
      query: "entity=contacts&key=email",
    });
    const query = `subscription { importProgress(id: "${idOf(told)}") {
      import { status rows rowsDone rowsPerSecond secondsLeft } } }`;
    const stream = await EventStream.open(face.started.gateway.url, face.started.key, { query });
    expect(await stream.data()).toMatchObject([
      { import: { status: "waiting", rows: 1, rowsDone: 0 } },
    ]);
    const start = `mutation { startImport(id: "${idOf(told)}", unmapped: ignore) { userErrors { message } } }`;
    expect(await face.started.gateway.data(face.started.key, start)).toEqual({
      startImport: { userErrors: [] },
    });
    let last: unknown = null;
    let isComplete = false;
    for (let event = await stream.next(); event !== null; event = await stream.next()) {
      if (event.event === "complete") isComplete = true;
      else last = JSON.parse(event.data);
    }
    expect(isComplete).toBe(true);
    expect(last).toMatchObject({
      data: { importProgress: { import: { status: "done", rowsDone: 1, secondsLeft: 0 } } },
    });
    // One that has ended is told once.
    const client = createSseClient({
      url: `${face.started.gateway.url}/graphql`,
      headers: { "x-api-key": face.started.key },
      retryAttempts: 0,
    });
    const events: unknown[] = [];
    for await (const event of client.iterate({ query })) events.push(event.data);
    expect(events).toMatchObject([{ importProgress: { import: { status: "done" } } }]);
    client.dispose();
  });
});

it("an import that should run is found if it has no job, by statements that Citus takes too", async () => {
  const { gateway, tenant } = face.started;
  const { client } = gateway.fixtures;
  const id = uuidv7();
  const texts: string[] = [];
  const found = async (): Promise<readonly string[]> => {
    const idle = await findIdle(async (text, values) => {
      texts.push(text);
      return (await client.query<Record<string, unknown>>(text, [...values])).rows;
    });
    return idle.map((one) => one.id);
  };
  // Nobody else sees it, so nobody runs it.
  await client.query("BEGIN");
  try {
    await gateway.fixtures.insert("imports", {
      tenant_id: tenant.uuid,
      id,
      entity: "contact",
      mode: "create",
      options: "{}",
      status: "queued",
      actor: "{}",
      created_by: "usr-1",
      touched_at: "2026-01-02T03:04:05.000Z",
    });
    expect(await found()).toContain(id);
    await client.query("SELECT graphile_worker.add_job('none', '{}', job_key := $1)", [runKey(id)]);
    expect(await found()).not.toContain(id);
  } finally {
    await client.query("ROLLBACK");
  }
  // Citus refuses to join its tables with the engine's.
  expect(texts).toHaveLength(4);
  for (const text of texts) expect(text).not.toMatch(/imports[^]*graphile_worker/);
});
