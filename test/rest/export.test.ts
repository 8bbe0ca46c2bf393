import { request as httpRequest, type IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { runCli } from "../support/processes/cli.ts";
import { captureLog } from "../support/gateway/captured-log.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { patience, untilAtRest } from "../support/database/waiting.ts";
import { boundKey, Writes } from "../support/writes/writes.ts";
import { idOf, type Values } from "../support/writes/mutation.ts";

const log = captureLog();
let gateway: TestGateway;
let key: string;
let write: Writes;

beforeAll(async () => {
  // Two exports at once, one of a tenant.
  ({ gateway, key } = await startTenant("exports", { maxConnections: 8, logTo: log.stream }));
  write = new Writes(gateway, key);
  await write.mutateMany("createAccounts", {
    inputs: [
      { name: "=1+1", external_id: "a-1", annual_revenue: "-12.5", tags: ["x", "y,z"] },
      { name: 'Quote "and", comma', external_id: "a-2", description: "two\nlines" },
      { name: "Plain", external_id: "a-3", custom_fields: { region: "north" } },
    ],
  });
});
afterAll(() => gateway.close());

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
};

const recordIn = (value: unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(Object(value)));

/** Asks by Node's own means, which tells trailers. */
function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${gateway.url}/api/v1/crm${path}`,
      { headers: { "x-api-key": key, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            trailers: response.trailers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    request.on("error", reject);
    request.end();
  });
}

const textOf = async (path: string): Promise<string> => (await ask(path)).body.toString();
const linesOf = (body: Buffer): unknown[] =>
  body
    .toString()
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));

describe("an export of one kind", () => {
  it("is one record a line as lists show them, and says how many in front, behind and as its last line", async () => {
    const { status, headers, trailers, body } = await ask("/accounts/export?sort=external_id");
    expect([status, headers["x-rows"], trailers["x-rows-sent"]]).toEqual([200, "3", "3"]);
    const lines = linesOf(body);
    expect(lines.pop()).toEqual({
      _end: { rows: 3, position: headers["x-log-position"] },
    });
    const listed = await ask("/accounts?sort=external_id");
    expect(lines).toEqual(listAt(JSON.parse(listed.body.toString()), "data"));
  });

  it("as CSV is safe to open by default, and as it is stored with raw=true", async () => {
    const path =
      "/accounts/export?format=csv&sort=external_id&fields=external_id,name,annual_revenue,tags,description,custom_fields";
    const { body, headers, trailers } = await ask(path);
    expect(headers["content-type"]).toContain("text/csv");
    expect(headers["content-disposition"]).toBe('attachment; filename="accounts.csv"');
    expect(trailers["x-rows-sent"]).toBe("3");
    expect(body.toString()).toBe(
      [
        "external_id,name,annual_revenue,tags,description,custom_fields",
        `a-1,'=1+1,-12.5,"[""x"",""y,z""]",,{}`,
        'a-2,"Quote ""and"", comma",,[],"two\nlines",{}',
        'a-3,Plain,,[],,"{""region"": ""north""}"',
        "",
      ].join("\r\n"),
    );
    expect(await textOf(`${path}&raw=true`)).toContain("a-1,=1+1,-12.5");
  });

  it("takes the list's filters, and refuses what is none of it with all that is wrong", async () => {
    expect(
      await textOf("/accounts/export?format=csv&fields=name&external_id[in]=a-2,a-3&sort=name"),
    ).toBe('name\r\nPlain\r\n"Quote ""and"", comma"\r\n');
    const { status, body } = await ask(
      "/accounts/export?format=xml&fields=nonsense&limit=5&raw=maybe",
    );
    expect(status).toBe(400);
    const paths = listAt(JSON.parse(body.toString()), "issues").map((issue) => at(issue, "path"));
    expect(paths).toEqual(["format", "raw", "limit", "fields"]);
    const filter = await ask("/accounts/export?nonsense=1");
    expect(filter.status).toBe(400);
    const whole = await ask("/export?fields=name&include_deleted=true&fields=id");
    expect(whole.status).toBe(400);
    const named = listAt(JSON.parse(whole.body.toString()), "issues");
    expect(named.map((issue) => at(issue, "path"))).toEqual(["fields"]);
  });

  it("is what lists show, byte for byte, whatever texts hold", async () => {
    const { id: tenantId } = await gateway.fixtures.tenant("hostile");
    const hostile = { "x-api-key": await gateway.keyFor("hostile") };
    const pieces = Array.from(
      "\u0001\u001f\u007f\b\f\n\r\t\"\\'=+-@＝＠, \u00a0\u2028\u3000\ufeffé日😀a1/;",
    );
    const texts = fc.sample(fc.array(fc.constantFrom(...pieces), { maxLength: 6 }), {
      numRuns: 300,
      seed: 18,
    });
    const jsons = [`"=1"`, "null", "true", "[1.50]", `"a\\n"`, `{"é\\"": ["="]}`];
    await gateway.fixtures.client.query(
      `INSERT INTO accounts (id, tenant_id, name, description, tags, custom_fields, annual_revenue, created_at, updated_at)
       SELECT gen_random_uuid(), $1, n, n, ARRAY[n, 'NULL', ''], jsonb_build_object(n, n), ord - 150.5, now(), now()
       FROM unnest($2::text[]) WITH ORDINALITY AS given(n, ord)`,
      [tenantId.slice(4), texts.map((characters) => characters.join(""))],
    );
    await gateway.fixtures.client.query(
      `INSERT INTO contacts (id, tenant_id, last_name, gdpr_consent, created_at, updated_at)
       SELECT gen_random_uuid(), $1, 'x', given::jsonb, now(), now() FROM unnest($2::text[]) AS given`,
      [tenantId.slice(4), jsons],
    );
    for (const kind of ["accounts", "contacts"]) {
      const { body } = await ask(`/${kind}/export`, hostile);
      const printed = body.toString().split("\n").slice(0, -2);
      expect(printed.length).toBe(kind === "accounts" ? texts.length : jsons.length);
      const listed: string[] = [];
      for (let cursor: unknown = ""; typeof cursor === "string";) {
        const page = `/${kind}?limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`;
        const text = (await ask(page, hostile)).body.toString();
        listed.push(text);
        cursor = at(JSON.parse(text), "pagination", "next_cursor");
      }
      const pages = listed.join("");
      for (const line of printed) expect(pages).toContain(line);
      for (const raw of [true, false]) {
        const csv = await ask(`/${kind}/export?format=csv&raw=${raw}`, hostile);
        const [first = "{}"] = printed;
        const header = Object.keys(recordIn(JSON.parse(first))).join(",");
        const rows = printed.map((line) => `${cellsOf(line, raw).join(",")}\r\n`);
        expect(csv.body.toString()).toBe(`${header}\r\n${rows.join("")}`);
      }
    }
  });

  /** The cells of a record, from its JSON. */
  function cellsOf(line: string, isRaw: boolean): string[] {
    const quoted = (text: string): string =>
      /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    return membersOf(line).map((json) => {
      const value: unknown = JSON.parse(json);
      if (typeof value !== "string") return value === null ? "" : quoted(json);
      return quoted(!isRaw && /^'*[=+\-@\t\r＝＋－＠]/.test(value) ? `'${value}` : value);
    });
  }

  /** The members of an object as they stand in its JSON. */
  function membersOf(line: string): string[] {
    const found: string[] = [];
    let [depth, start, isText] = [0, 0, false];
    for (let place = 0; place < line.length; place += 1) {
      const character = line[place] ?? "";
      if (isText && character === "\\") place += 1;
      else if (character === '"') isText = !isText;
      else if (isText) continue;
      else if (character === ":" && depth === 1) start = place + 1;
      else if ("{[".includes(character)) depth += 1;
      else if ("}]".includes(character)) {
        depth -= 1;
        if (depth === 0) found.push(line.slice(start, place));
      } else if (character === "," && depth === 1) found.push(line.slice(start, place));
    }
    return found;
  }

  it("is compressed when asked, and the same", async () => {
    const plain = await ask("/accounts/export?format=csv");
    const zipped = await ask("/accounts/export?format=csv", { "accept-encoding": "gzip" });
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(zipped.body).toString()).toBe(plain.body.toString());
    expect(zipped.trailers["x-rows-sent"]).toBe("3");
  });

  it("shows an application its own records, and needs the scope of reading", async () => {
    const own = await boundKey(gateway, key, { app_id: "app-1" });
    await new Writes(gateway, own).created("Account", { name: "Ours" });
    const { body } = await ask("/accounts/export?format=csv&fields=name", { "x-api-key": own });
    expect(body.toString()).toBe("name\r\nOurs\r\n");
    const input = { name: "narrow", scopes: ["read:contacts"] };
    const { payload } = await write.mutate("createApiKey", { input });
    const narrow = { "x-api-key": String(at(payload, "secret")) };
    expect((await ask("/accounts/export", narrow)).status).toBe(403);
    expect((await ask("/export", narrow)).status).toBe(403);
    expect((await ask("/contacts/export", narrow)).status).toBe(200);
  });

  it("has nothing of another tenant", async () => {
    const other = await gateway.fixtures.tenant("another");
    await other.account({ name: "Foreign" });
    expect(await textOf("/accounts/export")).not.toContain("Foreign");
    const headers = { "x-api-key": await gateway.keyFor("another") };
    expect((await ask("/accounts/export", headers)).headers["x-rows"]).toBe("1");
  });
});

describe("an export that does not come to its end", () => {
  let large: Readonly<Record<string, string>>;

  beforeAll(async () => {
    large = { "x-api-key": await largeTenant("large") };
  });

  it("has the place of its tenant while its client does not read, and gives it back when that goes", async () => {
    const { request } = await begin(large);
    const second = await ask("/contacts/export", large);
    expect([second.status, second.headers["retry-after"]]).toEqual([429, "5"]);
    expect(JSON.parse(second.body.toString())).toMatchObject({ limit: 1, window: "at_once" });
    // Others are served meanwhile, exports too.
    expect((await ask("/contacts", large)).status).toBe(200);
    expect((await ask("/contacts/export")).status).toBe(200);
    request.destroy();
    await untilFree();
    expect((await ask("/contacts/export", large)).trailers["x-rows-sent"]).toBe("0");
    // Its first rows alone are more than is printed ahead.
    const { body, trailers } = await ask("/accounts/export", large);
    expect([linesOf(body).length, trailers["x-rows-sent"]]).toEqual([2_001, "2000"]);
    expect(log.lines()).toEqual([]);
  });

  it.each(["identity", "gzip"])(
    "is cut where its backend is killed, so that the client sees it: %s",
    async (coding) => {
      const told = log.lines().length;
      const { request, response } = await begin({ ...large, "accept-encoding": coding });
      expect(response.headers["content-encoding"] ?? "identity").toBe(coding);
      const { rowCount } = await gateway.fixtures.client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND state <> 'idle' AND query LIKE 'FETCH %'`,
      );
      expect(rowCount).toBe(1);
      const failure = new Promise<unknown>((resolve) => response.once("error", resolve));
      response.resume();
      expect(await failure).toMatchObject({ code: "ECONNRESET" });
      expect([response.complete, response.trailers]).toEqual([false, {}]);
      request.destroy();
      await untilFree();
      // Told once, with what it was asked for, and not as what nobody has handled.
      expect(log.lines().slice(told)).toMatchObject([
        { msg: "unexpected error", operation: "exportAccounts" },
      ]);
      expect((await ask("/contacts/export", large)).trailers["x-rows-sent"]).toBe("0");
    },
  );

  it("is cut when it takes longer than the operator lets it, whoever reads", async () => {
    const own = await startTenant("late", { env: { EXPORT_TIMEOUT: "500ms" } });
    try {
      await own.gateway.fixtures.client.query(
        `INSERT INTO accounts (id, tenant_id, name, description, created_at, updated_at)
         SELECT gen_random_uuid(), (SELECT id FROM tenants), 'x', repeat(md5(n::text), 3000), now(), now()
         FROM generate_series(1, 300) AS n`,
      );
      const { request, response } = await begin({ "x-api-key": own.key }, own.gateway, "300");
      // It reads now and then, and is there all the time.
      response.read(10_000);
      await expect
        .poll(() => own.gateway.database.pool.load, patience)
        .toEqual({ taken: 0, waiting: 0 });
      const failure = new Promise<unknown>((resolve) => response.once("error", resolve));
      response.resume();
      expect(await failure).toMatchObject({ code: "ECONNRESET" });
      request.destroy();
      await untilAtRest(own.gateway);
    } finally {
      await own.gateway.close();
    }
  });

  /** A tenant with more than the system takes before anybody reads, in four times what is read at once; gives a key. */
  async function largeTenant(slug: string): Promise<string> {
    await gateway.fixtures.tenant(slug);
    const own = await gateway.keyFor(slug);
    const inputs = Array.from({ length: 1_000 }, (_, place) => ({ name: `Large ${place}` }));
    for (const _ of [1, 2]) await new Writes(gateway, own).mutateMany("createAccounts", { inputs });
    // Hardly compressible.
    await gateway.fixtures.client.query(
      `UPDATE accounts SET description =
         (SELECT string_agg(md5(accounts.id::text || place), '') FROM generate_series(1, 600) AS place)
       WHERE name LIKE 'Large %'`,
    );
    return own;
  }

  /** Begins an export that is not read for now. */
  async function begin(
    headers: Readonly<Record<string, string>>,
    of: TestGateway = gateway,
    rows = "2000",
  ) {
    const request = httpRequest(`${of.url}/api/v1/crm/accounts/export`, { headers });
    request.on("error", () => undefined);
    const begun = new Promise<IncomingMessage>((resolve, reject) => {
      request.once("error", reject);
      request.once("response", (response) => resolve(response.pause()));
    });
    request.end();
    const response = await begun;
    response.on("error", () => undefined);
    expect([response.statusCode, response.headers["x-rows"]]).toEqual([200, rows]);
    return { request, response };
  }

  /** No connection is kept, by the gateway or in the database. */
  async function untilFree(): Promise<void> {
    await expect.poll(() => gateway.database.pool.load, patience).toEqual({ taken: 0, waiting: 0 });
    await untilAtRest(gateway);
  }
});

describe("crm export", () => {
  it("writes what REST sends, and nothing where it is asked wrongly", async () => {
    const crm = (...words: readonly string[]) =>
      runCli(["export", ...words, "--tenant", "exports"], { DATABASE_URL: gateway.databaseUrl });
    const asked = ["--format", "csv", "--fields", "external_id,name", "--filter", "name=Plain"];
    expect(await crm("accounts", ...asked)).toMatchObject({
      code: 0,
      output: "external_id,name\r\na-3,Plain",
    });
    const wrong = await crm("accounts", "--format", "xml");
    expect(wrong).toMatchObject({ code: 1, output: "" });
    expect(wrong.errors).toContain("format must be csv or ndjson.");
  });
});

describe("an export of everything", () => {
  it("while 8 writers write, with the log from its position, is the tables as they are", async () => {
    const account_id = idOf(await write.create("Account", { name: "Busy" }));
    let isOver = false;
    const writer = async (number: number): Promise<void> => {
      for (let round = 0; !isOver; round += 1) {
        const name = `${number}-${round}`;
        const contact = await write.created("Contact", { last_name: name, account_id });
        await write.updated("Contact", String(contact["id"]), {
          last_name: `${name}!`,
          city: "Bern",
        });
        if (round % 3 === 0) await write.delete("Contact", String(contact["id"]));
        await write.created("Deal", { name, account_id, value: "12.50" });
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)));
    await expect.poll(() => countOf("contacts")).toBeGreaterThan(20);
    const { body, trailers } = await ask("/export?include_deleted=true");
    const before = await countOf("contacts");
    await expect.poll(() => countOf("contacts")).toBeGreaterThan(before + 20);
    isOver = true;
    await writers;

    const [start, ...lines] = linesOf(body);
    const end = lines.pop();
    expect(String(at(end, "_end", "rows"))).toBe(trailers["x-rows-sent"]);
    const copy = new Map<string, Record<string, unknown>>();
    for (const line of lines) {
      const record = recordIn(at(line, "record"));
      copy.set(String(record["id"]), record);
    }
    await follow(String(at(start, "_start", "position")), copy);

    const { body: now } = await ask("/export?include_deleted=true");
    const live = linesOf(now)
      .slice(1, -1)
      .map((line) => at(line, "record"));
    expect(live.length).toBe(copy.size);
    for (const record of live) {
      const kept = copy.get(String(at(record, "id"))) ?? {};
      const keys = Object.keys(recordIn(record)).filter((name) => !derived.has(name));
      expect(told(kept, keys)).toEqual(told(recordIn(record), keys));
    }
  });

  async function countOf(table: string): Promise<number> {
    const { rows } = await gateway.fixtures.client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${table}`,
    );
    return rows[0]?.count ?? 0;
  }

  /** Applies the log behind a position, as a reader of it would: each change tells a field's new value. */
  async function follow(
    position: string,
    copy: Map<string, Record<string, unknown>>,
  ): Promise<void> {
    let after = position;
    for (;;) {
      const data = await gateway.data(
        key,
        `query ($after: String) { changes(first: 100, after: $after, orderBy: [{ position: asc }]) {
          nodes { recordId tenantId version occurredAt actor changes { field new } } pageInfo { endCursor hasNextPage } } }`,
        { after },
      );
      for (const event of listAt(data, "changes", "nodes")) {
        const id = String(at(event, "recordId"));
        const record = copy.get(id) ?? { id };
        copy.set(id, record);
        record["version"] = at(event, "version");
        record["tenant_id"] = at(event, "tenantId");
        record["updated_at"] = at(event, "occurredAt");
        record["updated_by"] = at(event, "actor");
        for (const change of listAt(event, "changes")) {
          record[String(at(change, "field"))] = at(change, "new");
        }
        record["is_deleted"] = (record["deleted_at"] ?? null) !== null;
      }
      if (at(data, "changes", "pageInfo", "hasNextPage") !== true) return;
      after = String(at(data, "changes", "pageInfo", "endCursor"));
    }
  }

  /** What the log leaves out, since it follows from the rest: a name from its parts, the history from the events. */
  const derived = new Set(["display_name", "audit_log"]);

  const told = (record: Values, keys: readonly string[]): Values =>
    Object.fromEntries(keys.map((name) => [name, plain(record[name] ?? null)]));

  /** One notation for the log's texts and for numbers, days and instants of REST; what is empty counts as null. */
  function plain(value: unknown): unknown {
    if (typeof value === "string") {
      if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value);
      return /^\d{4}-\d\d-\d\d(T|$)/.test(value) ? new Date(value).getTime() : value;
    }
    return typeof value === "object" && Object.keys(value ?? {}).length === 0 ? null : value;
  }
});
