import pg from "pg";

/**
 * Works on a connection of its own as the login of the URL, whom row-level security does not concern, and closes
 * it. For operators' work (migrations, seeding, keys), never for a request. A lost connection fails the work, not
 * the process.
 */
export async function withOwner<Result>(
  url: string,
  purpose: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `crm-gateway ${purpose}`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // The error also reaches the statement that is running; unheard it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
