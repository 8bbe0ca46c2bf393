import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Cut } from "../support/database/cut-connection.ts";
import {
  commitsIn,
  extentOf,
  startFaultyGateway,
  type FaultyGateway,
} from "../support/writes/faulty-gateway.ts";
import { someOf } from "../support/run/run-length.ts";
import type { TenantCopy, TenantState } from "../support/samples/tenant-copies.ts";
import type { World } from "../support/writes/write-paths.ts";

/** A write over REST, as it is sent to a copy of the world's tenant. */
type RestWrite = {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
};

const crm = "/api/v1/crm";
const createDeal = ({ account, contact }: World): RestWrite => ({
  method: "POST",
  path: `${crm}/deals`,
  body: { account_id: account, contact_ids: [contact], name: "Breakwater" },
});
const writes: Readonly<Record<string, (world: World) => RestWrite>> = {
  "creating a deal": createDeal,
  "changing a quote with its line items": ({ quote }) => ({
    method: "PATCH",
    path: `${crm}/quotes/${quote}`,
    body: { name: "New", version: 1, line_items: [{ unit_price: 3 }, { unit_price: 4 }] },
  }),
  "deleting an account with all that it contains": ({ account }) => ({
    method: "DELETE",
    path: `${crm}/accounts/${account}`,
  }),
  "creating a customer": () => ({
    method: "POST",
    path: "/api/public/v1/customers",
    body: {
      account_type: "business",
      company_name: "Breakwater",
      first_name: "Nora",
      email: "nora@breakwater.example",
      phone: "1",
    },
  }),
  "creating a customer of the integration": () => ({
    method: "POST",
    path: "/v1/customers",
    body: { last_name: "Harbor", email: "nora@breakwater.example" },
  }),
};

/** An answer with all that must come again. */
type Reply = { readonly status: number; readonly text: string };

async function send(
  { url, copies }: FaultyGateway,
  { method, path, body }: RestWrite,
  copy: TenantCopy,
  key: string,
): Promise<Reply> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      "x-api-key": copy.key,
      "x-organization-id": copy.uuid,
      "idempotency-key": key,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const { headers, status } = response;
  const told = ["location", "etag", "retry-after"].map((name) => `${name}: ${headers.get(name)}`);
  const whole = `${told.join("\n")}\n${await response.text()}`;
  const anyCopy = whole.replaceAll(copy.uuid, "<tenant>").replaceAll(copy.keyId, "<key>");
  return { status, text: copies.comparable(anyCopy) };
}

type Undisturbed = {
  readonly statements: readonly string[];
  readonly reply: Reply;
  readonly before: TenantState;
  readonly after: TenantState;
};

async function runUndisturbed(faulty: FaultyGateway, write: RestWrite): Promise<Undisturbed> {
  const { copies, route } = faulty;
  const copy = await copies.make();
  const before = await copies.state(copy);
  route.watch();
  const reply = await send(faulty, write, copy, randomUUID());
  const statements = [...route.statements()];
  return { statements, reply, before, after: await copies.state(copy) };
}

/** A write whose connection is cut, what is there then, and what its client gets when it sends it again. */
async function runCut(faulty: FaultyGateway, write: RestWrite, undisturbed: Undisturbed, cut: Cut) {
  const { copies, route, kept } = faulty;
  const { statements } = undisturbed;
  const copy = await copies.make();
  const key = randomUUID();
  route.watch(cut);
  const reply = await send(faulty, write, copy, key);
  const sent = [...route.statements()];
  if (sent.length < cut.statement) throw new Error(`it sent ${sent.length} statements only`);
  await route.sprung();
  // Without its answer, a COMMIT that was sent was carried out all the same.
  const carriedOut = cut.when === "before" ? statements.slice(0, cut.statement - 1) : sent;
  const isCommitted = commitsIn(carriedOut) === commitsIn(statements);
  const isRight = (one: Reply) => JSON.stringify(one) === JSON.stringify(undisturbed.reply);
  const extent = extentOf(await copies.state(copy), undisturbed);
  const again = await send(faulty, write, copy, key);
  const third = await send(faulty, write, copy, key);
  return {
    isCommitted,
    seen: {
      cut: `${cut.when} ${cut.statement} of ${statements.length}: ${statements[cut.statement - 1]}`,
      told: isRight(reply) ? "right" : `${reply.status} ${/retry-after: \d+/.test(reply.text)}`,
      extent,
      again: isRight(again) ? "right" : again,
      third: isRight(third) ? "right" : third,
      extentThen: extentOf(await copies.state(copy), undisturbed),
      keptThen: await kept(copy),
    },
    right: {
      told: isRight(reply) && isCommitted ? "right" : "503 true",
      extent: isCommitted ? "everything" : "nothing",
      again: "right",
      third: "right",
      extentThen: "everything",
      keptThen: ["written, answered"],
    },
  };
}

describe("when the connection to the database is lost, over REST", () => {
  it.concurrent.each([
    ...Object.entries(writes).map(([name, write]) => [name, write, {}] as const),
    ["creating a deal, pinned as on Citus", createDeal, { isDistributed: true }] as const,
  ])(
    "%s is done whole or not at all, at every statement, and sending it again does it once",
    async (_, writeIn, options) => {
      // One connection: whatever comes after a cut gets what the cut left.
      const faulty = await startFaultyGateway({ maxConnections: 1, ...options });
      try {
        const write = writeIn(faulty.world);
        const undisturbed = await runUndisturbed(faulty, write);
        expect([200, 201], undisturbed.reply.text).toContain(undisturbed.reply.status);
        expect(undisturbed.after).not.toEqual(undisturbed.before);
        const extents = new Set<string>();
        const numbers = [...undisturbed.statements.keys()].map((index) => index + 1);
        for (const statement of someOf(numbers)) {
          const { seen, right } = await runCut(faulty, write, undisturbed, {
            statement,
            when: "before",
          });
          expect(seen).toEqual({ cut: seen.cut, ...right });
          extents.add(seen.extent);
        }
        // From the end to the last statement whose answer the COMMIT waits for: up from there nothing is committed.
        for (const statement of someOf(numbers.toReversed())) {
          const { isCommitted, seen, right } = await runCut(faulty, write, undisturbed, {
            statement,
            when: "unheard",
          });
          expect(seen).toEqual({ cut: seen.cut, ...right });
          if (!isCommitted) break;
        }
        // The cuts were on both sides of the commit.
        expect(extents).toEqual(new Set(["nothing", "everything"]));
      } finally {
        await faulty.close();
      }
    },
    600_000,
  );
});
