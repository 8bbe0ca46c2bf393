import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { createClient as createSseClient } from "graphql-sse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { patience } from "../support/database/waiting.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { assertDocumented } from "../support/rest/openapi-contract.ts";
import { boundKey } from "../support/writes/writes.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let key: string;

beforeAll(async () => {
  started = await startTenant("imports", {
    runsJobs: true,
    env: { RECEIVE_TIMEOUT: "4s", IMPORT_MAX_BYTES: "2000000" },
  });
  ({ key } = started);
});
afterAll(() => started.gateway.close());

type Sent = {
  readonly query?: string;
  readonly type?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
};
type Sending = {
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
};
type Told = { readonly status: number; readonly headers: Headers; readonly body: unknown };

const path = "/api/v1/crm/imports";

/** Asks as a client does, and holds the answer to the document. */
async function ask(method: string, at_: string, init: Sending = {}, by = key): Promise<Told> {
  const response = await fetch(`${started.gateway.url}${at_}`, {
    method,
    ...init,
    headers: { "x-api-key": by, ...init.headers },
  });
  const text = await response.text();
  assertDocumented({ method, path: at_, status: response.status, headers: response.headers, text });
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}

const send = (
  body: BodyInit,
  { query = "entity=contacts", type = "text/csv", headers = {}, key: by = key }: Sent = {},
) => ask("POST", `${path}?${query}`, { body, headers: { "content-type": type, ...headers } }, by);

const idOf = ({ body }: Told): string => String(at(body, "id"));

/** The import once it has ended. */
async function over(told: Told, by = key): Promise<unknown> {
  let found: unknown;
  await expect
    .poll(async () => {
      found = (await ask("GET", `${path}/${idOf(told)}`, {}, by)).body;
      return at(found, "finished_at");
    }, patience)
    .not.toBeNull();
  return found;
}

const issuesOf = ({ body }: Pick<Told, "body">) =>
  listAt(body, "issues").map((issue) => [at(issue, "path"), at(issue, "message")]);

/** The place of the first issue; empty without any. */
const whereIn = ({ body }: Told): unknown =>
  Object(body)["issues"] === undefined ? "" : issuesOf({ body })[0]?.[0];

async function importsKept(): Promise<number> {
  const { rows } = await started.gateway.fixtures.client.query(
    "SELECT count(*)::int AS n FROM imports",
  );
  return Number(rows[0]?.n);
}

describe("a file that is sent", () => {
  it("is imported by its guessed mapping, which the answer shows", async () => {
    const csv = "E-Mail;Nachname;Ort\nada@x.example;Lovelace;Köln\nbob@x.example;Bär;Ulm\n";
    const told = await send(Buffer.from(csv, "latin1"), { query: "entity=contacts&key=email" });
    expect(told.status).toBe(202);
    expect(told.headers.get("location")).toBe(`${path}/${idOf(told)}`);
    expect(told.body).toMatchObject({
      entity: "contacts",
      mode: "upsert",
      key: "email",
      format: "csv",
      encoding: "windows-1252",
      delimiter: ";",
      unmapped: [],
      columns: [
        { column: "E-Mail", field: "email", guessed: true },
        { column: "Nachname", field: "last_name", guessed: true },
        { column: "Ort", field: "city", guessed: true },
      ],
    });
    expect(await over(told)).toMatchObject({
      status: "done",
      rows: 2,
      rows_done: 2,
      rows_created: 2,
      rows_refused: 0,
      seconds_left: 0,
      errors: null,
    });
    const found = await started.rest.get("/api/v1/crm/contacts?email=ada@x.example");
    expect(listAt(found.body, "data")).toMatchObject([{ last_name: "Lovelace", city: "Köln" }]);
    // The same again is the same import; the same rows under force change nothing.
    const again = await send(Buffer.from(csv, "latin1"), { query: "entity=contacts&key=email" });
    expect([again.status, idOf(again)]).toEqual([200, idOf(told)]);
    const forced = await send(Buffer.from(csv, "latin1"), {
      query: "entity=contacts&key=email&force=true",
    });
    expect(forced.status).toBe(202);
    expect(await over(forced)).toMatchObject({
      rows_created: 0,
      rows_updated: 0,
      rows_unchanged: 2,
    });
  });

  it("waits with columns that are no field, until it is said what becomes of them", async () => {
    const told = await send("email,Zonk\nzonk@x.example,7\n", {
      query: "entity=contacts&key=email",
    });
    expect(told.body).toMatchObject({ status: "waiting", unmapped: ["Zonk"] });
    const start = `${path}/${idOf(told)}/start`;
    expect(await ask("POST", start)).toMatchObject({ status: 400 });
    expect(await ask("POST", `${start}?unmapped=custom_fields`)).toMatchObject({
      status: 200,
      body: { columns: [{}, { column: "Zonk", field: "custom_fields.Zonk" }] },
    });
    expect(await over(told)).toMatchObject({ status: "done", rows_created: 1 });
  });

  it("tells refused rows in a file that is mended and sent again", async () => {
    const csv = 'last_name,email,Zonk\nGood,good@x.example,a\nBad,nonsense,=1+1\nWorse,,"b\nc"\n';
    const query = "entity=contacts&key=email&unmapped=custom_fields";
    const told = await send(csv, { query });
    expect(await over(told)).toMatchObject({ rows_created: 1, rows_refused: 2 });
    const { body, headers } = await ask("GET", `${path}/${idOf(told)}/errors.csv`);
    expect(headers.get("content-disposition")).toContain("refused-");
    const text = String(body);
    expect(text).toContain("import_row,import_column,import_error,last_name,email,Zonk");
    expect(text).toMatch(/\r\n3,email,[^\r]+,Bad,nonsense,'=1\+1\r\n/);
    const mended = text
      .replace("nonsense", "bad@x.example")
      .replace("Worse,,", "Worse,w@x.example,");
    const again = await send(mended, { query });
    expect(await over(again)).toMatchObject({ status: "done", rows_created: 2, rows_refused: 0 });
    const found = await started.rest.get("/api/v1/crm/contacts?email=bad@x.example");
    expect(listAt(found.body, "data")).toMatchObject([{ custom_fields: { Zonk: "=1+1" } }]);
  });

  it("comes as JSON Lines, as a list, compressed, or in a form with options in front", async () => {
    const line = (n: number) => JSON.stringify({ email: `j${n}@x.example`, last_name: `J${n}` });
    const query = "entity=contacts&key=email";
    const sent = [
      await send(`${line(1)}\n${line(2)}\n`, { query, type: "application/x-ndjson" }),
      await send(`[${line(3)},${line(4)}]`, { query, type: "application/json" }),
      await send(gzipSync(`email,last_name\nj5@x.example,J5\n`), {
        query,
        headers: { "content-encoding": "gzip" },
      }),
    ];
    const form = new FormData();
    form.set(
      "options",
      JSON.stringify({ entity: "contacts", key: "email", map: { Mail: "email" } }),
    );
    form.set(
      "file",
      new Blob(["Mail,Name\nj6@x.example,J6\n"], { type: "text/csv" }),
      "people.csv",
    );
    const inForm = await ask("POST", `${path}?map=Name:last_name`, { body: form });
    expect(inForm.body).toMatchObject({
      file_name: "people.csv",
      columns: [
        { column: "Mail", field: "email", guessed: false },
        { column: "Name", field: "last_name", guessed: false },
      ],
    });
    for (const told of [...sent, inForm])
      expect(await over(told)).toMatchObject({ status: "done" });
    const found = await started.rest.get(
      "/api/v1/crm/contacts?last_name[starts_with]=J&sort=email",
    );
    const names = listAt(found.body, "data").map((one) => at(one, "last_name"));
    expect(names).toEqual(["J1", "J2", "J3", "J4", "J5", "J6"]);
  });

  it("is tried by a dry run, and writes nothing", async () => {
    const told = await send("email\ndry@x.example\nwet\n", {
      query: "entity=contacts&key=email&dry_run=true&default=last_name=Dry",
    });
    expect(await over(told)).toMatchObject({
      dry_run: true,
      status: "done",
      rows_created: 1,
      rows_refused: 1,
    });
    const found = await started.rest.get("/api/v1/crm/contacts?email=dry@x.example");
    expect(listAt(found.body, "data")).toEqual([]);
  });

  it.each([
    [
      "nothing said",
      "",
      [["entity", "must be accounts, contacts, deals, activities, quotes or line-items."]],
    ],
    [
      "nonsense",
      "entity=people&mode=x&map=nonsense&dry_run=maybe&size=7&key=a&key=b",
      [
        ["map", "must be like E-Mail:email."],
        ["key", "is given twice; send it once."],
        ["entity", expect.any(String)],
        ["mode", "must be create, upsert or update."],
        ["dry_run", "must be true or false."],
        ["size", expect.stringContaining("is not known")],
      ],
    ],
    [
      "a field that is none",
      "entity=contacts&map=a:nonsense",
      [["map.a", expect.stringContaining("is no field")]],
    ],
    ["no key", "entity=contacts&mode=update", [["key", expect.any(String)]]],
  ])("is refused with %s, and nothing is kept", async (_name, query, issues) => {
    const before = await importsKept();
    const told = await send("a,email\n1,x@x.example\n", { query });
    expect([told.status, issuesOf(told)]).toEqual([400, issues]);
    expect(await importsKept()).toBe(before);
  });

  it.each<[string, BodyInit, Sent, number, string]>([
    ["a quote that is not closed", 'email\n"a@x.example\n', {}, 400, "file.2"],
    ["nothing", "", {}, 400, "file"],
    ["a spreadsheet", Buffer.from("504b030414000600", "hex"), {}, 400, "file"],
    ["no gzip", "email\n", { headers: { "content-encoding": "gzip" } }, 400, ""],
    [
      "half of a gzip",
      gzipSync("email\n".repeat(99)).subarray(0, 30),
      { headers: { "content-encoding": "gzip" } },
      400,
      "",
    ],
    [
      "a bomb",
      gzipSync(Buffer.alloc(3_000_000, "a\n")),
      { headers: { "content-encoding": "gzip" } },
      413,
      "",
    ],
    ["too much", Buffer.alloc(3_000_000, "a\n"), {}, 413, ""],
    ["a picture", "x", { type: "image/png" }, 415, ""],
    ["another coding", "x", { headers: { "content-encoding": "br" } }, 415, ""],
    [
      "half of a form",
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nemail\n',
      { type: "multipart/form-data; boundary=b" },
      400,
      "",
    ],
    ["a form without a file", "--b--\r\n", { type: "multipart/form-data; boundary=b" }, 400, ""],
    ["a form without a boundary", "x", { type: "multipart/form-data" }, 400, ""],
  ])("that is %s is refused, and nothing is kept", async (_name, body, sent, status, where) => {
    const before = await importsKept();
    const told = await send(body, sent);
    expect([told.status, whereIn(told)]).toEqual([status, where]);
    expect(await importsKept()).toBe(before);
  });
});

describe("a client that does not send its file", () => {
  /** Sends the head of an upload, and then what it is told to. */
  async function upload() {
    const { hostname, port } = new URL(started.gateway.url);
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => (text += chunk.toString()));
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(
      `POST ${path}?entity=contacts HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${key}\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = (line: string) => socket.write(`${line.length.toString(16)}\r\n${line}\r\n`);
    chunk("email,last_name\n");
    return { socket, chunk, closed, read: () => text };
  }

  const untilKept = async (count: number): Promise<void> => {
    await expect.poll(importsKept, patience).toBe(count);
  };

  it("leaves nothing when it is cut", async () => {
    const before = await importsKept();
    const { socket, chunk, closed } = await upload();
    for (let row = 0; row < 3_000; row += 1) chunk(`cut${row}@x.example,${row}\n`);
    await untilKept(before + 1);
    socket.destroy();
    await closed;
    await untilKept(before);
    expect(await importsKept()).toBe(before);
  });

  it("is told that it is too slow, and holds no connection meanwhile", async () => {
    const before = await importsKept();
    const slow = await upload();
    const timer = setInterval(() => slow.chunk("a"), 50);
    await untilKept(before + 1);
    expect(started.gateway.database.pool.load).toEqual({ taken: 0, waiting: 0 });
    expect((await started.rest.get("/api/v1/crm/contacts?limit=1")).status).toBe(200);
    await slow.closed;
    clearInterval(timer);
    expect(slow.read()).toMatch(/^HTTP\/1\.1 408 /);
    await untilKept(before);
  });
});

describe("imports side by side", () => {
  it("20 uploads at once are all taken, one after the other, and the same file twice is one import", async () => {
    const file = (number: number) => `email,last_name\nside${number}@x.example,Side\n`;
    const query = "entity=contacts&key=email";
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, index) => send(file(index % 10), { query })),
    );
    expect(told.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 10 }, () => 200),
      ...Array.from({ length: 10 }, () => 202),
    ]);
    expect(new Set(told.map(idOf)).size).toBe(10);
    for (const one of told) await over(one);
    const found = await started.rest.get("/api/v1/crm/contacts?last_name=Side");
    expect(at(found.body, "pagination", "count")).toBe(10);
  });

  it("a cancelled import writes nothing more, and stays cancelled", async () => {
    const told = await send("email,Zonk\nnever@x.example,1\n", {
      query: "entity=contacts&key=email",
    });
    const cancelled = await ask("POST", `${path}/${idOf(told)}/cancel`);
    expect(cancelled).toMatchObject({ status: 200, body: { status: "cancelled", rows_done: 0 } });
    await ask("POST", `${path}/${idOf(told)}/start?unmapped=ignore`);
    expect(await over(told)).toMatchObject({ status: "cancelled" });
    const found = await started.rest.get("/api/v1/crm/contacts?email=never@x.example");
    expect(listAt(found.body, "data")).toEqual([]);
  });

  it("an import ends when its key is revoked", async () => {
    const own = await started.gateway.keyFor("imports");
    const told = await send("email,Zonk\nrevoked@x.example,1\n", {
      query: "entity=contacts&key=email",
      key: own,
    });
    const revoke = `mutation { revokeApiKey(id: "key-${own.split("_")[2]}") { userErrors { message } } }`;
    expect(await started.gateway.data(key, revoke)).toEqual({ revokeApiKey: { userErrors: [] } });
    await ask("POST", `${path}/${idOf(told)}/start?unmapped=ignore`);
    expect(await over(told)).toMatchObject({ status: "failed", rows_done: 0 });
    const found = await started.rest.get("/api/v1/crm/contacts?email=revoked@x.example");
    expect(listAt(found.body, "data")).toEqual([]);
  });
});

describe("who may", () => {
  it("needs the scopes of imports and of what is written", async () => {
    const keyWith = (...scopes: string[]) => started.gateway.keyFor("imports", scopes);
    const file = "email,last_name\nscopes@x.example,S\n";
    const query = "entity=contacts&key=email&dry_run=true";
    const imports = await keyWith("read:imports", "write:imports");
    expect(await send(file, { query, key: imports })).toMatchObject({
      status: 403,
      body: { missingScopes: ["write:contacts"] },
    });
    const contacts = await keyWith("write:contacts", "read:contacts");
    expect(await send(file, { query, key: contacts })).toMatchObject({
      status: 403,
      body: { missingScopes: ["write:imports", "read:imports"] },
    });
    expect((await ask("GET", path, {}, contacts)).status).toBe(403);
    const both = await keyWith("write:contacts", "read:contacts", "read:imports", "write:imports");
    expect((await send(file, { query, key: both })).status).toBe(202);
  });

  it("sees its own tenant's and its application's imports, and no others", async () => {
    const told = await send("email,Zonk\nmine@x.example,1\n", {
      query: "entity=contacts&key=email",
    });
    const other = await started.gateway.fixtures.tenant("other-imports");
    const strangers = [
      await started.gateway.keyFor(other.slug),
      await boundKey(started.gateway, key, { app_id: "app-9" }),
    ];
    const id = idOf(told);
    for (const stranger of strangers) {
      const answers = [
        await ask("GET", `${path}/${id}`, {}, stranger),
        await ask("GET", `${path}/${id}/errors.csv`, {}, stranger),
        await ask("POST", `${path}/${id}/cancel`, {}, stranger),
        await ask("POST", `${path}/${id}/start?unmapped=ignore`, {}, stranger),
      ];
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
      expect((await ask("GET", path, {}, stranger)).body).toMatchObject({ data: [] });
      const query = `{ import(id: "${id}") { id } imports { nodes { id } } }`;
      expect(await started.gateway.data(stranger, query)).toEqual({
        import: null,
        imports: { nodes: [] },
      });
      const stream = await EventStream.open(started.gateway.url, stranger, {
        query: `subscription { importProgress(id: "${id}") { import { id } } }`,
      });
      expect(await stream.error()).toMatchObject({ extensions: { code: "NOT_FOUND" } });
      await stream.close();
    }
    expect((await ask("GET", `${path}/${id}`)).body).toMatchObject({ status: "waiting" });
  });
});

describe("ids of another tenant in a file", () => {
  it("are not found, in the words that are said of ids that nobody has", async () => {
    const other = await started.gateway.fixtures.tenant("foreign-imports");
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
      const told = await send(file, { query });
      expect(await over(told)).toMatchObject({ rows_created: 0, rows_refused: 2 });
      const { body } = await ask("GET", `${path}/${idOf(told)}/errors.csv`);
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
    const told = await send(csv, { query: "entity=contacts&key=email" });
    await over(told);
    const query = `query ($id: ID!, $after: String) { import(id: $id) {
      id recordType mode key isDryRun onError status rows rowsRefused columns { column field guessed note }
      errors(first: 2, after: $after) { nodes { row column field code message } pageInfo { hasNextPage endCursor } } } }`;
    const first = await started.gateway.data(key, query, { id: idOf(told) });
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
    expect(await started.gateway.data(key, query, { id: idOf(told), after })).toMatchObject({
      import: { errors: { nodes: [{ row: 4 }], pageInfo: { hasNextPage: false } } },
    });
    const all = `{ imports(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } }`;
    expect(await started.gateway.data(key, all)).toMatchObject({
      imports: { nodes: [{ id: idOf(told) }], pageInfo: { hasNextPage: true } },
    });
    const nobody = "imp-01900000-0000-7000-8000-000000000000";
    const wrong = `mutation { cancelImport(id: "${nobody}") { import { id } userErrors { code message } } }`;
    expect(await started.gateway.data(key, wrong)).toMatchObject({
      cancelImport: { import: null, userErrors: [{ code: "NOT_FOUND" }] },
    });
  });

  it("an import is followed from its waiting to its end, by server-sent events", async () => {
    const told = await send("email,last_name,Zonk\nlive@x.example,L,1\n", {
      query: "entity=contacts&key=email",
    });
    const query = `subscription { importProgress(id: "${idOf(told)}") {
      import { status rows rowsDone rowsPerSecond secondsLeft } } }`;
    const stream = await EventStream.open(started.gateway.url, key, { query });
    expect(await stream.data()).toMatchObject([
      { import: { status: "waiting", rows: 1, rowsDone: 0 } },
    ]);
    const start = `mutation { startImport(id: "${idOf(told)}", unmapped: ignore) { userErrors { message } } }`;
    expect(await started.gateway.data(key, start)).toEqual({ startImport: { userErrors: [] } });
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
      url: `${started.gateway.url}/graphql`,
      headers: { "x-api-key": key },
      retryAttempts: 0,
    });
    const events: unknown[] = [];
    for await (const event of client.iterate({ query })) events.push(event.data);
    expect(events).toMatchObject([{ importProgress: { import: { status: "done" } } }]);
    client.dispose();
  });
});
