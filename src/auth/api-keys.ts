import { setTimeout as sleep } from "node:timers/promises";
import DataLoader from "dataloader";
import type { Logger } from "pino";
import type { FencedPool } from "../db/fenced-pool.ts";
import { asOwnWork } from "../db/work.ts";
import { formatId, readId } from "../lib/id.ts";
import type { Actor, QuotaOwner } from "./actor.ts";
import type { Authentication } from "./authentication.ts";
import { isSecretOf, readApiKey } from "./api-key.ts";
import { FreshCache } from "./fresh-cache.ts";
import { KeyUses } from "./key-uses.ts";
import { isScope } from "./scopes.ts";

/** How long a key's row is believed. A key that another process revokes works no longer than this. */
const maxAge = 2_000;
/** The most keys that are remembered: some 5 MB. */
const maxKeys = 10_000;
/** A look-up that takes longer holds up no other one: its connection may be dead. */
const patience = 250;

type KeyRow = {
  tenant_id: string;
  id: string;
  environment: string;
  secret_hash: Buffer;
  scopes: string[];
  department_id: string | null;
  app_id: string | null;
  requests_per_minute: number | null;
  expires_at: Date | null;
  revoked_at: Date | null;
  quota_ids: string[];
  quota_limits: (number | null)[];
};

type ApiKeysOptions = {
  readonly pool: FencedPool;
  readonly logger: Pick<Logger, "debug">;
  /** The quota of keys that have none of their own. */
  readonly requestsPerMinute: number;
  /** Told of each key whether it was known already. */
  readonly onLookUp?: ((isHit: boolean) => void) | undefined;
  /** Makes the processes beside this one forget a key. */
  readonly forgetElsewhere?: ((id: string) => Promise<void>) | undefined;
};

/** The API keys as a process knows them: rows without secrets, looked up when needed and believed for two seconds. */
export class ApiKeys {
  readonly #rows: FreshCache<KeyRow>;
  readonly #uses: KeyUses;
  readonly #defaultQuota: number;
  readonly #forgetElsewhere: (id: string) => Promise<void>;
  readonly #authentications = new WeakMap<KeyRow, Authentication>();

  constructor({ pool, logger, requestsPerMinute, onLookUp, forgetElsewhere }: ApiKeysOptions) {
    this.#forgetElsewhere = forgetElsewhere ?? (() => Promise.resolve());
    this.#defaultQuota = requestsPerMinute;
    this.#uses = new KeyUses({ pool, logger });
    const lookUp = batchedLookUp(pool);
    this.#rows = new FreshCache({
      max: maxKeys,
      maxAge,
      load: (id) => lookUp.load(id),
      onGet: onLookUp,
    });
  }

  /** Whom a key stands for, if it works. This is a use of it. */
  async authenticate(text: string): Promise<Authentication> {
    const found = await this.check(text);
    if ("actor" in found) this.#uses.note(found.actor.id);
    return found;
  }

  /** Writes what is still to be written of the keys' use. */
  close(): Promise<void> {
    return this.#uses.write();
  }

  /** The same without using it. */
  async check(text: string): Promise<Authentication> {
    const parts = readApiKey(text);
    if (parts === null) return { refused: "not an API key" };
    const row = await this.#rows.get(parts.id);
    const matches = isSecretOf(parts.secret, row?.secret_hash);
    if (row === null || !matches || row.environment !== parts.environment) {
      return { refused: "no such API key" };
    }
    if (row.revoked_at !== null) return { refused: "a revoked API key" };
    if (row.expires_at !== null && row.expires_at.getTime() <= Date.now()) {
      return { refused: "an expired API key" };
    }
    return this.#authenticationOf(row);
  }

  /** Whom a key stands for as it is now, by its bare UUID, for what is done on its behalf; null if it does not work. */
  async actorOf(id: string): Promise<Actor | null> {
    const row = await this.#rows.get(id);
    if (row === null || row.revoked_at !== null) return null;
    if (row.expires_at !== null && row.expires_at.getTime() <= Date.now()) return null;
    const found = this.#authenticationOf(row);
    return "actor" in found ? found.actor : null;
  }

  /** One actor for each row, so that all requests of a key share what is cached for the actor. */
  #authenticationOf(row: KeyRow): Authentication {
    let known = this.#authentications.get(row);
    if (known === undefined) {
      known = { actor: actorOf(row, this.#defaultQuota) };
      this.#authentications.set(row, known);
    }
    return known;
  }

  /**
   * A key was changed by this process: it and the processes beside it look the key up anew. Takes the id with its prefix
   * or bare. Another process that does not answer believes the key for two seconds more.
   */
  async forget(id: string): Promise<void> {
    this.forgetHere(id);
    await this.#forgetElsewhere(id).catch(() => undefined);
  }

  /** The same for this process alone. */
  forgetHere(id: string): void {
    this.#rows.forget(readId("key", id) ?? "");
  }
}

function actorOf(row: KeyRow, defaultRequestsPerMinute: number): Actor {
  return {
    kind: "apiKey",
    id: formatId("key", row.id),
    tenantId: row.tenant_id,
    // Scopes of an older version that are unknown today grant nothing.
    scopes: row.scopes.filter(isScope),
    appId: row.app_id,
    departmentId: row.department_id,
    expiresAt: row.expires_at,
    requestsPerMinute: row.requests_per_minute,
    defaultRequestsPerMinute,
    quotas: quotasOf(row),
  };
}

/** Whose minutes a key draws on; its own limit is what its own row says, also when it took another key's place. */
function quotasOf({ id, requests_per_minute, quota_ids, quota_limits }: KeyRow): QuotaOwner[] {
  const [own = id, ...makers] = quota_ids;
  return [
    { id: own, requestsPerMinute: requests_per_minute },
    ...makers.map((maker, index) => ({
      id: maker,
      requestsPerMinute: quota_limits[index + 1] ?? null,
    })),
  ];
}

/**
 * One statement at a time, for all ids that came up while the last one was on its way: made-up keys cost no more
 * statements than the database answers one after the other, however many there are.
 */
function batchedLookUp(pool: FencedPool): DataLoader<string, KeyRow | null> {
  let running: Promise<unknown> = Promise.resolve();
  const lookUp = async (ids: readonly string[]): Promise<(KeyRow | null)[]> => {
    const rows = await pool.callFunction<KeyRow>("find_api_key", ids);
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  };
  return new DataLoader(
    (ids) => {
      const answer = asOwnWork(() => lookUp(ids));
      running = Promise.race([
        answer.catch(() => undefined),
        sleep(patience, undefined, { ref: false }),
      ]);
      return answer;
    },
    {
      cache: false,
      maxBatchSize: 1_000,
      batchScheduleFn: (dispatch) => void running.then(dispatch),
    },
  );
}
