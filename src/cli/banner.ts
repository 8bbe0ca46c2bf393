import type { DemoTenant } from "./demo-file.ts";

/** What `serve` prints when it is ready. */
export function banner(options: {
  url: string;
  seconds: number;
  tenants: readonly DemoTenant[];
  metricsUrl: string | null;
  /** Whether the page of GraphiQL is served. */
  explorer: boolean;
  /** The body of a request to try; null if there is none. */
  example: Readonly<Record<string, unknown>> | null;
}): string {
  const { url, seconds, tenants, metricsUrl } = options;
  const lines = ["", `  crm-gateway is ready (${seconds.toFixed(1)} s)`, ""];
  const what = options.explorer ? "GraphQL and GraphiQL" : "GraphQL";
  lines.push(`  ${what.padEnd(22)} ${url}/graphql`);
  lines.push(`  REST                   ${url}/docs`);
  if (metricsUrl !== null) lines.push(`  Metrics                ${metricsUrl}`);
  const [first] = tenants;
  if (first === undefined) {
    const command = "npm run --silent crm -- keys create --tenant SLUG --scopes 'read:*'";
    const create = "npm run --silent crm -- tenants create --slug SLUG --name NAME";
    lines.push(`  Make a tenant          ${create}`, `  Make a key             ${command}`);
    return [...lines, ""].join("\n");
  }
  for (const { slug, apiKey, id } of tenants) {
    lines.push(`  Key of ${slug.padEnd(15)} ${apiKey}`, `  its organization       ${id}`);
  }
  if (options.example === null) return [...lines, ""].join("\n");
  const body = JSON.stringify(options.example);
  return [...lines, "", "  Try it:", "", curl(url, first.apiKey, body), ""].join("\n");
}

/** A command for a shell that sends the body, to be pasted as it is. */
function curl(url: string, apiKey: string, body: string): string {
  return [
    `curl -s ${url}/graphql -H 'content-type: application/json' -H 'x-api-key: ${apiKey}' \\`,
    `  -d '${body.replaceAll("'", "'\\''")}'`,
  ].join("\n");
}

/** The URL a client on this machine reaches the server at. */
export function urlOf(host: string, port: number): string {
  if (host === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (host === "::") return `http://[::1]:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
