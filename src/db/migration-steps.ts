import type pg from "pg";
import { organizationHost } from "../lib/organization-host.ts";

/** Steps of migrations that SQL cannot express, by name. They run in the transaction, after the SQL. */
export const migrationSteps: Readonly<Record<string, (client: pg.Client) => Promise<void>>> = {
  "20261128130000_keys_by_the_gateway": async (client) => {
    await hostsInAscii(client, "accounts", ["domain", "website", "email"]);
    await hostsInAscii(client, "contacts", ["email", "website"]);
  },
};

const batchSize = 1_000;

type HostRow = { readonly tenant_id: string; readonly id: string; readonly texts: string[] };

/** Old keys have hosts as they were typed. New ones are in punycode, and the two would be no duplicates. */
async function hostsInAscii(client: pg.Client, table: string, fields: string[]): Promise<void> {
  await client.query(
    `DECLARE old_hosts CURSOR FOR SELECT tenant_id, id, ARRAY[${fields.join(", ")}] AS texts
     FROM ${table} WHERE octet_length(host_key) <> char_length(host_key)`,
  );
  for (;;) {
    const { rows } = await client.query<HostRow>(`FETCH ${batchSize} FROM old_hosts`);
    if (rows.length === 0) break;
    await client.query(
      `UPDATE ${table} t SET host_key = n.host_key
       FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n(tenant_id, id, host_key)
       WHERE t.tenant_id = n.tenant_id AND t.id = n.id`,
      [
        rows.map((row) => row.tenant_id),
        rows.map((row) => row.id),
        rows.map((row) => organizationHost(row.texts)),
      ],
    );
  }
  await client.query("CLOSE old_hosts");
}
