import type pg from "pg";
import { serverRole } from "../session.ts";

type Role = {
  readonly login: boolean;
  /** Whether row-level security does not hold it. */
  readonly bypasses: boolean;
  readonly settings: readonly string[];
};

/** A piece of a table that lies on a node. */
export type Shard = {
  readonly name: string;
  readonly table: string;
  readonly isFenced: boolean;
  /** Its policies as SQL, without the table's name. */
  readonly policies: readonly string[];
  /** Whether plans take its tenants for alike; always for an owner that could not change it. */
  readonly plansAlike: boolean;
};

/** What a node says of itself. */
type Facts = {
  readonly role: Role | null;
  /** Functions that are marked LEAKPROOF, each with its mark as in ALTER FUNCTION. */
  readonly marks: readonly string[];
  readonly shards: readonly Shard[];
};

/** A node, and what it says of itself: null with the reason, if it does not answer. */
export type Node = {
  readonly place: string;
  readonly isCoordinator: boolean;
  readonly facts: Facts | null;
  readonly fault: string;
};

/** A policy as CREATE POLICY takes it, but for the table. */
export const policyText = `format('%I AS %s FOR %s TO %s%s%s', p.polname,
  CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
  (SELECT string_agg(CASE u.id WHEN 0 THEN 'PUBLIC' ELSE u.id::regrole::text END, ', ') FROM unnest(p.polroles) u(id)),
  ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')`;

const factsOfNode = `SELECT json_build_object(
  'role', (
    SELECT json_build_object('login', r.rolcanlogin, 'bypasses', r.rolsuper OR r.rolbypassrls, 'settings', coalesce(
      (SELECT s.setconfig FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0), '{}'))
    FROM pg_roles r WHERE r.rolname = '${serverRole}'),
  'marks', (
    SELECT coalesce(json_agg(p.oid::regprocedure::text || ' LEAKPROOF COST ' || p.procost ORDER BY 1), '[]')
    FROM pg_proc p
    WHERE p.proleakproof AND (p.pronamespace = 'pg_catalog'::regnamespace
      OR p.proname IN ('similarity_op', 'word_similarity_op', 'word_similarity_commutator_op'))),
  'shards', (
    SELECT coalesce(json_agg(json_build_object('name', c.relname, 'table', s.logicalrelid::text, 'isFenced', c.relrowsecurity,
      'policies', (SELECT coalesce(json_agg(${policyText} ORDER BY p.polname), '[]') FROM pg_policy p WHERE p.polrelid = c.oid),
      'plansAlike', NOT EXISTS (
        SELECT FROM pg_attribute a LEFT JOIN pg_stats t
          ON t.schemaname = 'public' AND t.tablename = c.relname AND t.attname = a.attname
        WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
          AND (a.attstattarget IS DISTINCT FROM 0 OR t.most_common_vals IS NOT NULL OR t.n_distinct IS DISTINCT FROM 20)
          AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))) ORDER BY c.relname), '[]')
    FROM pg_dist_shard s
    JOIN pg_class c ON c.relname = shard_name(s.logicalrelid, s.shardid) AND c.relnamespace = 'public'::regnamespace))`;

/** What each active node says of itself, the coordinator first. */
export async function nodesOf(client: pg.Client): Promise<Node[]> {
  const { rows } = await client.query<{
    place: string;
    isCoordinator: boolean;
    success: boolean;
    result: string;
  }>(
    `SELECT n.nodename || ':' || n.nodeport AS place, n.groupid = 0 AS "isCoordinator", r.success, r.result
     FROM run_command_on_all_nodes($1) r JOIN pg_dist_node n USING (nodeid) ORDER BY n.groupid, n.nodeid`,
    [factsOfNode],
  );
  return rows.map(({ place, isCoordinator, success, result }) => {
    const facts: Facts | null = success ? JSON.parse(result) : null;
    return { place, isCoordinator, facts, fault: success ? "" : result };
  });
}
