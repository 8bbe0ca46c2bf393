import { v7 as uuidv7 } from "uuid";
import type { FuzzAnswer, FuzzRequest } from "../../fuzz/client.ts";
import { cursorSlot, prefixes, type Plan } from "./plans.ts";
import { IdSlot, VersionSlot } from "./values.ts";
import { importsPath } from "../../../../src/rest/imports/operations.ts";

/** So many records of a kind are written to again and again. */
const kept = 12;

/** What is imported where nothing else is sent. */
const file = "email,last_name\nfuzz@x.example,Fuzz\n";

/** What was made so far, and how requests come to reach it. */
export class World {
  readonly #ids = new Map<string, string[]>();
  readonly #versions = new Map<string, number>();
  readonly #cursors = new Map<string, string>();
  readonly #key: string;
  readonly #organization: string;

  constructor({ key, organization }: { readonly key: string; readonly organization: string }) {
    this.#key = key;
    this.#organization = organization;
  }

  /** The request of a plan, with ids, versions and cursors of what is there now. */
  request(plan: Plan): { readonly request: FuzzRequest; readonly body: unknown } {
    const id = this.#settled(plan.pathValue, 0);
    const version = this.#versions.get(String(id).slice(-36)) ?? 1;
    const path = plan.path.replace(/\{\w+\}/, () => encodeURIComponent(String(id)));
    const query = plan.query.map(([name, value]) => {
      const text =
        value === cursorSlot
          ? (this.#cursors.get(plan.path) ?? "none")
          : String(this.#settled(value, version));
      return `${encodeURIComponent(wellFormed(name))}=${encodeURIComponent(wellFormed(text))}`;
    });
    const isUpload = plan.method === "POST" && plan.path === importsPath && plan.body === undefined;
    const planned = isUpload ? file : plan.body;
    const body = typeof planned === "string" ? planned : this.#settled(planned, version);
    const given = plan.headers.map(([name, value]): readonly [string, string] => [
      name,
      value instanceof VersionSlot
        ? `"${Math.max(0, version + value.distance)}"`
        : headerText(name, this.#settled(value, version), this.#organization),
    ]);
    const sent = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    const own: readonly (readonly [string, string])[] = [
      ["Host", "localhost"],
      ["x-api-key", this.#key],
      ...(plan.path.startsWith("/api/public/")
        ? [["x-organization-id", this.#organization] as const]
        : []),
      ...(sent === null
        ? []
        : [
            ["content-type", isUpload ? "text/csv" : "application/json"] as const,
            // Node leaves it out where it does not expect a body, and its end would be anywhere.
            ["content-length", String(Buffer.byteLength(sent))] as const,
          ]),
    ];
    const names = new Set(given.map(([name]) => name.toLowerCase()));
    return {
      body,
      request: {
        method: plan.method,
        path: query.length === 0 ? path : `${path}?${query.join("&")}`,
        headers: [...own.filter(([name]) => !names.has(name.toLowerCase())), ...given],
        body: sent,
      },
    };
  }

  /** Takes up what an answer tells of: records and where the next page begins. */
  learn({ path }: Plan, request: FuzzRequest, { status, headers, text }: FuzzAnswer): void {
    const prefix = prefixes.get(path) ?? "";
    if (status === 404) {
      const [asked = ""] = request.path.split("?");
      this.#forget(prefix, asked);
    }
    // Exports are no JSON, and tell what lists tell.
    const isJson = headers.get("content-type")?.startsWith("application/json") === true;
    if (status >= 300 || text === "" || !isJson) return;
    const body: unknown = JSON.parse(text);
    const data: unknown = Reflect.get(Object(body), "data") ?? body;
    for (const record of Array.isArray(data) ? data.slice(0, 3) : [data])
      this.#note(prefix, record);
    const cursor: unknown = Reflect.get(
      Object(Reflect.get(Object(body), "pagination")),
      "next_cursor",
    );
    if (typeof cursor === "string") this.#cursors.set(path, cursor);
  }

  #note(prefix: string, record: unknown): void {
    const {
      id,
      version,
      is_deleted: isDeleted,
    }: Readonly<Record<string, unknown>> = Object(record);
    if (typeof id !== "string") return;
    if (typeof version === "number") this.#versions.set(id.slice(-36), version);
    if (isDeleted === true) return this.#forget(prefix, id);
    const ids = this.#ids.get(prefix) ?? [];
    const uuid = id.slice(-36);
    if (ids.includes(uuid)) return;
    this.#ids.set(prefix, [...ids, uuid].slice(-kept));
  }

  #forget(prefix: string, id: string): void {
    const ids = this.#ids.get(prefix) ?? [];
    this.#ids.set(
      prefix,
      ids.filter((one) => one !== id.slice(-36)),
    );
  }

  #settled(value: unknown, version: number): unknown {
    if (value instanceof VersionSlot) return Math.max(0, version + value.distance);
    if (value instanceof IdSlot) {
      const ids = this.#ids.get(value.prefix) ?? [];
      // Now and then one that nobody has.
      const uuid =
        (value.pick % 20 === 0 ? undefined : ids[value.pick % Math.max(ids.length, 1)]) ?? uuidv7();
      return value.pick % 3 === 0 ? uuid : `${value.prefix}-${uuid}`;
    }
    if (Array.isArray(value)) return value.map((one) => this.#settled(one, version));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, this.#settled(one, version)]),
    );
  }
}

/** Half of a character cannot be in a URL. */
const wellFormed = (text: string): string => text.toWellFormed();

/** What Node sends as a header at all; the needed organization is the credential's own. */
function headerText(name: string, value: unknown, organization: string): string {
  if (name === "X-Organization-Id") return organization;
  return String(value).replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "?");
}
