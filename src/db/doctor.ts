import type pg from "pg";
import { requireVersion } from "./check-server.ts";
import { hasDistributedTables, isThere } from "./fence.ts";
import { serverRole } from "./session.ts";
import { migrationStatus } from "./migrate.ts";
import { withOwner } from "./with-owner.ts";

/** The result of one check; `detail` describes the state, or the remedy. */
export type Finding = { name: string; ok: boolean; detail: string };

type Verdict = Omit<Finding, "name">;
type Subject = { client: pg.Client; url: string; role: string };

/**
 * Checks from outside of the server whether a database has all that the server relies on. It only reads.
 * One finding for each check, always in the same order; those of the nodes only where tables are distributed by Citus.
 */
export async function examine(options: {
  /** URL with which the migrations are applied. */
  url: string;
  /** The role that the server acts as, when it is another one (tests). */
  role?: string;
  /** The longest wait for a row's lock, which the nodes of Citus are told. */
  lockMilliseconds?: number;
}): Promise<Finding[]> {
  const { url, role = serverRole, lockMilliseconds } = options;
  return withOwner(url, "doctor", async (client) => {
    const findings: Finding[] = [];
    for (const [name, check] of checks) {
      findings.push({ name, ...(await check({ client, url, role })) });
    }
    const [isDistributed] = await names(
      client,
      `SELECT 'yes' AS name WHERE ${hasDistributedTables}`,
    );
    if (isDistributed === undefined) return findings;
    const { examineNodes } = await import("./citus/examine.ts");
    for (const { name, faults, fine: good } of await examineNodes(client, lockMilliseconds)) {
      findings.push({ name, ...(faults.length === 0 ? fine(good) : off(faults.join("; "))) });
    }
    return findings;
  });
}

const checks: readonly (readonly [string, (subject: Subject) => Promise<Verdict>])[] = [
  ["version", version],
  ["migrations", migrations],
  ["role", roleIsHarmless],
  ["fence", fenceStands],
  ["extensions", extensions],
  ["letters", letters],
  ["indexes", indexes],
  ["statistics", statistics],
  ["search operators", operators],
];

async function version({ client }: Subject): Promise<Verdict> {
  const number = await names(client, "SELECT current_setting('server_version_num') AS name");
  return judgeVersion(Number(number[0]));
}

/** The verdict on PostgreSQL's server_version_num. */
export function judgeVersion(number: number): Verdict {
  const printed = `${Math.floor(number / 10_000)}.${number % 10_000}`;
  try {
    requireVersion(number);
    return fine(`PostgreSQL ${printed}`);
  } catch (error) {
    return off(error instanceof Error ? error.message : String(error));
  }
}

async function migrations({ url }: Subject): Promise<Verdict> {
  const status = await migrationStatus({ url });
  const wrong = status.filter(({ state }) => state !== "applied");
  if (wrong.length === 0) return fine(`all ${status.length} applied`);
  return off(wrong.map(({ name, state }) => `${name} is ${state}`).join(", "));
}

/** A role that owns a table, or is a superuser, or bypasses row-level security, sees all tenants. */
async function roleIsHarmless({ client, role }: Subject): Promise<Verdict> {
  const found = await names(client, "SELECT rolname AS name FROM pg_roles WHERE rolname = $1", [
    role,
  ]);
  if (found.length === 0) return off(`the role ${role} is missing: apply the migrations`);
  const faults = await names(
    client,
    `SELECT fault AS name FROM pg_roles r
     CROSS JOIN LATERAL (VALUES
       (r.rolsuper, 'is a superuser'),
       (r.rolbypassrls, 'bypasses row-level security'),
       (EXISTS (SELECT FROM pg_shdepend d
                JOIN pg_database b ON b.datname = current_database() AND d.dbid IN (b.oid, 0)
                WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
                  AND d.deptype = 'o'), 'owns something in this database'),
       (EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid),
        'is a member of another role, and has its rights'),
       (NOT pg_has_role(session_user, r.oid, 'MEMBER'),
        format('cannot be taken by %s: GRANT %I TO %I', session_user, r.rolname, session_user))
     ) AS faults (present, fault)
     WHERE r.rolname = $1 AND present`,
    [role],
  );
  if (faults.length > 0) return off(`the role ${role} ${faults.join(", ")}`);
  return fine(`${role} is no superuser, obeys row-level security and owns nothing`);
}

/** Row-level security is on wherever a tenant's rows lie, and no policy opens it to other tenants. */
async function fenceStands({ client, role }: Subject): Promise<Verdict> {
  const { rows } = await client.query<{ name: string; fault: string | null }>(
    `SELECT c.relname AS name,
       CASE
         WHEN NOT c.relrowsecurity THEN 'has row-level security off'
         WHEN NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
           THEN 'has no policy'
         WHEN EXISTS (
           SELECT FROM pg_policy p
           WHERE p.polrelid = c.oid AND p.polpermissive
             AND (0 = ANY (p.polroles) OR to_regrole($1) = ANY (p.polroles))
             AND NOT (
               coalesce(pg_get_expr(p.polqual, c.oid) LIKE '%current_tenant_id()%', p.polcmd = 'a')
               AND coalesce(pg_get_expr(p.polwithcheck, c.oid) LIKE '%current_tenant_id()%', true)
             )
         ) AND ${isThere("c.oid")} THEN 'has a policy that does not ask for the tenant'
       END AS fault
     FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND (c.relname = 'tenants' OR EXISTS (
         SELECT FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
     ORDER BY c.relname`,
    [role],
  );
  const holes = rows.filter(({ fault }) => fault !== null);
  if (holes.length > 0) return off(holes.map(({ name, fault }) => `${name} ${fault}`).join(", "));
  if (rows.length === 0) return off("there are no tables: apply the migrations");
  return fine(`row-level security by tenant on all ${rows.length} tables`);
}

async function extensions({ client }: Subject): Promise<Verdict> {
  const missing = await names(
    client,
    `SELECT name FROM unnest(ARRAY['pg_trgm', 'btree_gin']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = name)`,
  );
  if (missing.length === 0) return fine("pg_trgm and btree_gin are there");
  return off(missing.map((name) => `missing: CREATE EXTENSION ${name}`).join("; "));
}

/** Under LC_CTYPE C, pg_trgm takes everything but ASCII for a space: such words are not found. */
async function letters({ client }: Subject): Promise<Verdict> {
  const functions = await names(
    client,
    "SELECT proname AS name FROM pg_proc WHERE proname = 'show_trgm'",
  );
  if (functions.length === 0) return off("pg_trgm is missing");
  const known = await names(client, "SELECT name FROM unnest(show_trgm('Жук é 東京')) AS name");
  if (known.length > 0) return fine("search knows letters beyond ASCII");
  return off("LC_CTYPE is C, so search finds only ASCII: make the database with a UTF-8 locale");
}

/**
 * Statistics that name the large tenants make PostgreSQL plan for all others as if they had nothing. PostgreSQL is told
 * that there are 20; a restored or upgraded database may have lost that. Of tables in shards, `crm distribute` tells it.
 */
async function statistics({ client }: Subject): Promise<Verdict> {
  const uneven = await names(
    client,
    `SELECT c.relname AS name FROM pg_class c
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     LEFT JOIN pg_stats s ON s.schemaname = 'public' AND s.tablename = c.relname AND s.attname = a.attname
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND (a.attstattarget IS DISTINCT FROM 0 OR s.most_common_vals IS NOT NULL
         OR s.n_distinct IS DISTINCT FROM 20 AND NOT EXISTS (
           SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
           WHERE t.tgrelid = c.oid AND p.proname = 'citus_truncate_trigger'))
     ORDER BY c.relname`,
  );
  if (uneven.length === 0) return fine("every tenant is planned for alike");
  const mends = uneven.map((name) => `SELECT plan_tenants_alike('${name}')`);
  return off(`new and small tenants get slow plans; as a superuser: ${mends.join("; ")}`);
}

/** An index that is built or dropped beside requests is not valid meanwhile. */
async function indexes({ client }: Subject): Promise<Verdict> {
  const { rows } = await client.query<{ name: string; sound: boolean; passing: boolean }>(
    `SELECT c.relname AS name, i.indisvalid AND i.indisready AND i.indislive AS sound,
       EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid)
         OR EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted) AS passing
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.relname`,
  );
  const unsound = rows.filter(({ sound }) => !sound);
  const broken = unsound.filter(({ passing }) => !passing);
  const passing = unsound.filter((index) => index.passing).map(({ name }) => name);
  if (broken.length > 0) {
    return off(
      broken
        .map(({ name }) => `${name} is not valid: REINDEX INDEX CONCURRENTLY ${name}`)
        .join("; "),
    );
  }
  if (passing.length === 0) return fine(`all ${rows.length} are valid`);
  return fine(`valid, but for those that are being built or dropped: ${passing.join(", ")}`);
}

/**
 * Functions behind the operators of filters and search. Under row-level security an index is used
 * only for those marked LEAKPROOF, which takes a superuser; the migrations mark them when they may.
 */
const filterFunctions: Readonly<Record<string, readonly string[]>> = {
  text: ["texticlike", "textlike"],
  decimals: ["numeric_eq", "numeric_ne", "numeric_lt", "numeric_le", "numeric_gt", "numeric_ge"],
  enums: ["enum_eq", "enum_ne", "enum_lt", "enum_le", "enum_gt", "enum_ge"],
  lists: ["arraycontains", "arrayoverlap", "arraycontained"],
  "custom fields": ["jsonb_contains"],
  search: ["similarity_op", "word_similarity_op", "word_similarity_commutator_op"],
};

/** This is slower but not wrong, and cannot be fixed without a superuser, so it is never a fault. */
async function operators({ client }: Subject): Promise<Verdict> {
  const unmarked = await names(
    client,
    `SELECT DISTINCT p.proname AS name FROM pg_proc p
     WHERE p.proname = ANY ($1) AND NOT p.proleakproof
       AND (p.pronamespace = 'pg_catalog'::regnamespace OR EXISTS (
         SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
         WHERE d.objid = p.oid AND d.deptype = 'e' AND e.extname = 'pg_trgm'))
     ORDER BY 1`,
    [Object.values(filterFunctions).flat()],
  );
  if (unmarked.length === 0) return fine("all marked LEAKPROOF, so they use their indexes");
  const affected = Object.entries(filterFunctions)
    .filter(([, functions]) => functions.some((name) => unmarked.includes(name)))
    .map(([subject]) => subject);
  return fine(
    `filters on ${affected.join(", ")} read all of a tenant's rows instead of an index, because ` +
      `these are not marked LEAKPROOF (only a superuser can): ${unmarked.join(", ")}`,
  );
}

async function names(
  client: pg.Client,
  sql: string,
  values: readonly unknown[] = [],
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(sql, [...values]);
  return rows.map(({ name }) => name);
}

const fine = (detail: string): Verdict => ({ ok: true, detail });
const off = (detail: string): Verdict => ({ ok: false, detail });
