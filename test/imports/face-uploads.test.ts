import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt } from "../support/gateway/gateway.ts";
import { patience } from "../support/database/waiting.ts";
import { idOf, ImportFace, issuesOf, path, type Sent } from "../support/imports/face.ts";

let face: ImportFace;

beforeAll(async () => {
  face = await ImportFace.start({ IMPORT_MAX_BYTES: "2000000" });
});
afterAll(() => face.started.gateway.close());

/** A part of a form with the boundary `b`. */
const part = (name: string, text: string, fileName?: string): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${fileName === undefined ? "" : `; filename="${fileName}"`}\r\n\r\n${text}\r\n`;

const tooLarge = Buffer.alloc(3_000_000, `${"a".repeat(99)}\n`);

/** The place of the first issue; empty without any. */
const whereIn = ({ body }: { readonly body: unknown }): unknown =>
  Object(body)["issues"] === undefined ? "" : issuesOf({ body })[0]?.[0];

describe("a file that is sent", () => {
  it("is imported by its guessed mapping, which the answer shows", async () => {
    const csv = "E-Mail;Nachname;Ort\nada@x.example;Lovelace;Köln\nbob@x.example;Bär;Ulm\n";
    const told = await face.send(Buffer.from(csv, "latin1"), {
      query: "entity=contacts&key=email",
    });
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
    expect(await face.over(told)).toMatchObject({
      status: "done",
      rows: 2,
      rows_done: 2,
      rows_created: 2,
      rows_refused: 0,
      seconds_left: 0,
      errors: null,
    });
    const found = await face.started.rest.get("/api/v1/crm/contacts?email=ada@x.example");
    expect(listAt(found.body, "data")).toMatchObject([{ last_name: "Lovelace", city: "Köln" }]);
    // The same again is the same import; the same rows under force change nothing.
    const again = await face.send(Buffer.from(csv, "latin1"), {
      query: "entity=contacts&key=email",
    });
    expect([again.status, idOf(again)]).toEqual([200, idOf(told)]);
    const forced = await face.send(Buffer.from(csv, "latin1"), {
      query: "entity=contacts&key=email&force=true",
    });
    expect(forced.status).toBe(202);
    expect(await face.over(forced)).toMatchObject({
      rows_created: 0,
      rows_updated: 0,
      rows_unchanged: 2,
    });
  });

  it("is read in the encoding that is said, by any of its labels, or refused with how to say it", async () => {
    const japanese = Buffer.from("6c6173745f6e616d650a8e5293630a", "hex");
    const query = "entity=contacts&map=last_name:last_name";
    const told = await face.send(japanese, { query: `${query}&encoding=sjis` });
    expect(told).toMatchObject({ status: 202, body: { encoding: "shift_jis" } });
    expect(await face.over(told)).toMatchObject({ status: "done", rows_created: 1 });
    const byType = { query: `${query}&force=true`, type: "text/csv; charset=Shift_JIS" };
    const again = await face.send(japanese, byType);
    expect(again).toMatchObject({ status: 202, body: { encoding: "shift_jis" } });
    await face.over(again);
    const found = await face.started.rest.get("/api/v1/crm/contacts?q=山田");
    expect(listAt(found.body, "data")).toMatchObject([{ last_name: "山田" }, {}]);
    for (const encoding of ["x-user-defined", "utf-7", "__proto__", ""]) {
      const refused = await face.send(japanese, { query: `${query}&encoding=${encoding}` });
      expect(issuesOf(refused)[0]?.[0]).toBe("encoding");
      expect(String(issuesOf(refused)[0]?.[1])).toContain("shift_jis");
    }
  });

  it("imports a forced file once under an Idempotency-Key", async () => {
    const file = "email,last_name\nonce@x.example,Once\n";
    const query = "entity=contacts&key=email&force=true";
    const send = (key: string) => face.send(file, { query, headers: { "idempotency-key": key } });
    const [first, again, other] = [await send("one"), await send("one"), await send("other")];
    expect([first.status, again.status, other.status]).toEqual([202, 200, 202]);
    expect(idOf(again)).toBe(idOf(first));
    expect(idOf(other)).not.toBe(idOf(first));
    expect(await face.send(file, { query: "entity=contacts&key=email" })).toMatchObject({
      status: 200,
    });
    expect(await send("k".repeat(256))).toMatchObject({ status: 400 });
    const kept = await face.kept();
    for (const [body, options] of [
      ["email,last_name\ntwice@x.example,Twice\n", query],
      ["email,last_name\ntwice@x.example,Twice\n", "entity=contacts"],
      [file, "entity=contacts&key=email&dry_run=true"],
    ] as const) {
      const reused = { query: options, headers: { "idempotency-key": "one" } };
      expect(await face.send(body, reused)).toMatchObject({ status: 422 });
    }
    // A key of another request of the caller's is none of an import.
    const headers = { "content-type": "application/json", "idempotency-key": "contact" };
    const contact = { body: '{"last_name":"Key"}', headers };
    expect(await face.ask("POST", "/api/v1/crm/contacts", contact)).toMatchObject({ status: 201 });
    expect(await send("contact")).toMatchObject({ status: 422 });
    expect(await face.kept()).toBe(kept);
  });

  it("waits with columns that are no field, until it is said what becomes of them", async () => {
    const told = await face.send("email,Zonk\nzonk@x.example,7\n", {
      query: "entity=contacts&key=email",
    });
    expect(told.body).toMatchObject({ status: "waiting", unmapped: ["Zonk"] });
    const start = `${path}/${idOf(told)}/start`;
    expect(await face.ask("POST", start)).toMatchObject({ status: 400 });
    expect(await face.ask("POST", `${start}?unmapped=custom_fields`)).toMatchObject({
      status: 200,
      body: { columns: [{}, { column: "Zonk", field: "custom_fields.Zonk" }] },
    });
    expect(await face.over(told)).toMatchObject({ status: "done", rows_created: 1 });
  });

  it("makes no empty records of a file of which no column is a field", async () => {
    const file = "Zonk,Zink\n1,2\n";
    const told = await face.send(file, { query: "entity=contacts&unmapped=ignore" });
    expect(told).toMatchObject({
      status: 400,
      body: {
        issues: [
          { path: "map", message: 'map: no column goes to a field; map one of "Zonk", "Zink".' },
        ],
      },
    });
    const waiting = await face.send(file, { query: "entity=contacts" });
    const start = `${path}/${idOf(waiting)}/start?unmapped=ignore`;
    expect(await face.ask("POST", start)).toMatchObject({ status: 400 });
  });

  it("tells refused rows in a file that is mended and sent again", async () => {
    const csv = 'last_name,email,Zonk\nGood,good@x.example,a\nBad,nonsense,=1+1\nWorse,,"b\nc"\n';
    const query = "entity=contacts&key=email&unmapped=custom_fields";
    const told = await face.send(csv, { query });
    expect(await face.over(told)).toMatchObject({ rows_created: 1, rows_refused: 2 });
    const { body, headers } = await face.ask("GET", `${path}/${idOf(told)}/errors.csv`);
    expect(headers.get("content-disposition")).toContain("refused-");
    const text = String(body);
    expect(text).toContain("import_row,import_column,import_error,last_name,email,Zonk");
    expect(text).toMatch(/\r\n3,email,[^\r]+,Bad,nonsense,'=1\+1\r\n/);
    const mended = text
      .replace("nonsense", "bad@x.example")
      .replace("Worse,,", "Worse,w@x.example,");
    const again = await face.send(mended, { query });
    expect(await face.over(again)).toMatchObject({
      status: "done",
      rows_created: 2,
      rows_refused: 0,
    });
    const found = await face.started.rest.get("/api/v1/crm/contacts?email=bad@x.example");
    expect(listAt(found.body, "data")).toMatchObject([{ custom_fields: { Zonk: "=1+1" } }]);
  });

  it("comes as JSON Lines, as a list, compressed, or in a form with options in front", async () => {
    const line = (n: number) => JSON.stringify({ email: `j${n}@x.example`, last_name: `J${n}` });
    const query = "entity=contacts&key=email";
    const sent = [
      await face.send(`${line(1)}\n${line(2)}\n`, { query, type: "application/x-ndjson" }),
      await face.send(`[${line(3)},${line(4)}]`, { query, type: "application/json" }),
      await face.send(gzipSync(`email,last_name\nj5@x.example,J5\n`), {
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
    const inForm = await face.ask("POST", `${path}?map=Name:last_name`, { body: form });
    expect(inForm.body).toMatchObject({
      file_name: "people.csv",
      columns: [
        { column: "Mail", field: "email", guessed: false },
        { column: "Name", field: "last_name", guessed: false },
      ],
    });
    for (const told of [...sent, inForm])
      expect(await face.over(told)).toMatchObject({ status: "done" });
    const found = await face.started.rest.get(
      "/api/v1/crm/contacts?last_name[starts_with]=J&sort=email",
    );
    const names = listAt(found.body, "data").map((one) => at(one, "last_name"));
    expect(names).toEqual(["J1", "J2", "J3", "J4", "J5", "J6"]);
  });

  it("is tried by a dry run, and writes nothing", async () => {
    const told = await face.send("email\ndry@x.example\nwet\n", {
      query: "entity=contacts&key=email&dry_run=true&default=last_name=Dry",
    });
    expect(await face.over(told)).toMatchObject({
      dry_run: true,
      status: "done",
      rows_created: 1,
      rows_refused: 1,
    });
    const found = await face.started.rest.get("/api/v1/crm/contacts?email=dry@x.example");
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
      "entity=people&mode=x&map=nonsense&map=a:b&map=a:c&value=a:b=c&value=a:b=d&dry_run=maybe&size=7&key=a&key=b&time_zone=IST",
      [
        ["map", "must be like E-Mail:email."],
        ["map", 'names "a" twice; name it once.'],
        ["value", 'names "b" twice; name it once.'],
        ["key", "is given twice; send it once."],
        ["entity", expect.any(String)],
        ["mode", "must be create, upsert or update."],
        ["dry_run", "must be true or false."],
        ["time_zone", "must be a zone such as Europe/Berlin."],
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
    const before = await face.kept();
    const told = await face.send("a,email\n1,x@x.example\n", { query });
    expect([told.status, issuesOf(told)]).toEqual([400, issues]);
    expect(await face.kept()).toBe(before);
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
    ["a bomb", gzipSync(tooLarge), { headers: { "content-encoding": "gzip" } }, 413, ""],
    ["too much", tooLarge, {}, 413, ""],
    ["a picture", "x", { type: "image/png" }, 415, ""],
    ["a word of JavaScript", "x", { type: "constructor" }, 415, ""],
    ["another coding", "x", { headers: { "content-encoding": "br" } }, 415, ""],
    [
      "half of a form",
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nemail\n',
      { type: "multipart/form-data; boundary=b" },
      400,
      "",
    ],
    [
      "a form with a field that is none",
      `${part("options", "{}")}${part("dry_run", "true")}${part("file", "email\na@x.example\n", "a.csv")}--b--\r\n`,
      { type: "multipart/form-data; boundary=b" },
      400,
      "",
    ],
    ["a form without a file", "--b--\r\n", { type: "multipart/form-data; boundary=b" }, 400, ""],
    ["a form without a boundary", "x", { type: "multipart/form-data" }, 400, ""],
  ])("that is %s is refused, and nothing is kept", async (_name, body, sent, status, where) => {
    const before = await face.kept();
    const told = await face.send(body, sent);
    expect([told.status, whereIn(told)]).toEqual([status, where]);
    expect(await face.kept()).toBe(before);
  });
});

describe("a client that does not send its file", () => {
  /** Sends the head of an upload, and then what it is told to. */
  async function upload(type = "text/csv", { gateway, key } = face.started) {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => (text += chunk.toString()));
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(
      `POST ${path}?entity=contacts HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${key}\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = (line: string) => socket.write(`${line.length.toString(16)}\r\n${line}\r\n`);
    if (type === "text/csv") chunk("email,last_name\n");
    return { socket, chunk, closed, read: () => text };
  }

  const untilKept = async (count: number, by = face): Promise<void> => {
    await expect.poll(() => by.kept(), patience).toBe(count);
  };

  it("leaves nothing when it is cut", async () => {
    const before = await face.kept();
    const { socket, chunk, closed } = await upload();
    for (let row = 0; row < 3_000; row += 1) chunk(`cut${row}@x.example,${row}\n`);
    await untilKept(before + 1);
    socket.destroy();
    await closed;
    await untilKept(before);
    expect(await face.kept()).toBe(before);
  });

  it("is refused for options behind its file, also when they come later", async () => {
    const before = await face.kept();
    const late = await upload("multipart/form-data; boundary=b");
    late.chunk(`${part("file", "email\nlate@x.example", "late.csv")}--b\r\ncontent-`);
    await untilKept(before + 1);
    // Long enough for an answer that does not wait for the form to end.
    await sleep(300);
    expect(late.read()).toBe("");
    late.chunk('disposition: form-data; name="options"\r\n\r\n{"dry_run":true}\r\n--b--\r\n');
    late.chunk("");
    await expect
      .poll(late.read, patience)
      .toMatch(/^HTTP\/1\.1 400 .*A form has a part `options`/s);
    await untilKept(before);
    late.socket.destroy();
  });

  it("is told that it is too slow, and holds no connection meanwhile", async () => {
    const hurried = await ImportFace.start({ RECEIVE_TIMEOUT: "4s" });
    const { gateway, rest } = hurried.started;
    let answer = "";
    // Again where a busy machine takes all that time to look.
    for (let isSeen = false; !isSeen;) {
      const slow = await upload("text/csv", hurried.started);
      const timer = setInterval(() => slow.chunk("a"), 50);
      await Promise.race([untilKept(1, hurried), slow.closed]);
      // Jobs and the use of keys have one for a moment.
      await expect
        .poll(() => gateway.database.pool.load, patience)
        .toEqual({ taken: 0, waiting: 0 });
      expect((await rest.get("/api/v1/crm/contacts?limit=1")).status).toBe(200);
      isSeen = slow.read() === "";
      await slow.closed;
      clearInterval(timer);
      answer = slow.read();
      await untilKept(0, hurried);
    }
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    await gateway.close();
  });
});
