import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, type TestGateway } from "../../support/gateway/gateway.ts";
import { startTenant } from "../../support/gateway/one-tenant.ts";
import { runCli } from "../../support/processes/cli.ts";
import { askFor, linesOf, recordIn } from "../../support/rest/export-client.ts";
import { boundKey, Writes } from "../../support/writes/writes.ts";

let gateway: TestGateway;
let key: string;
let write: Writes;

beforeAll(async () => {
  ({ gateway, key } = await startTenant("exports"));
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

const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  askFor(`${gateway.url}/api/v1/crm${path}`, { "x-api-key": key, ...headers });
const textOf = async (path: string): Promise<string> => (await ask(path)).body.toString();

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
    const days = "0001-01-01 1600-02-29 1899-12-31 2000-02-29 2100-03-01 9999-12-31".split(" ");
    const times = ["T00:00:00Z", "T23:59:59.999999Z", "T12:00:00.0005Z"].flatMap((time) => [
      time,
      time,
    ]);
    await gateway.fixtures.client.query(
      `INSERT INTO accounts (id, tenant_id, name, description, tags, custom_fields, annual_revenue, created_at, updated_at)
       SELECT gen_random_uuid(), $1, n, n, ARRAY[n, 'NULL', ''], jsonb_build_object(n, n), ord - 150.5, now(), now()
       FROM unnest($2::text[]) WITH ORDINALITY AS given(n, ord)`,
      [tenantId.slice(4), texts.map((characters) => characters.join(""))],
    );
    await gateway.fixtures.client.query(
      `INSERT INTO contacts (id, tenant_id, last_name, gdpr_consent, birthday, opted_in_at, created_at, updated_at)
       SELECT gen_random_uuid(), $1, 'x', consent::jsonb, day::date, (day || time)::timestamptz, now(), now()
       FROM unnest($2::text[], $3::text[], $4::text[]) AS given(consent, day, time)`,
      [tenantId.slice(4), jsons, days, times],
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

  it.each([
    ["gzip", "gzip", gunzipSync],
    ["gzip, deflate, br", "br", brotliDecompressSync],
    ["gzip, deflate, br, zstd", "zstd", zstdDecompressSync],
  ])("is compressed when asked, and the same: %s", async (accepted, coding, expand) => {
    const plain = await ask("/accounts/export?format=csv");
    const small = await ask("/accounts/export?format=csv", { "accept-encoding": accepted });
    expect(small.headers["content-encoding"]).toBe(coding);
    expect(expand(small.body).toString()).toBe(plain.body.toString());
    expect(small.trailers["x-rows-sent"]).toBe("3");
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
