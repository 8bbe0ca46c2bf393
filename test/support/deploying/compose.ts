import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { root } from "./dockerfile.ts";

const service = z.object({
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  read_only: z.boolean().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
});
const compose = z.object({
  services: z.object({ postgres: service, migrate: service, gateway: service }),
});

/** The services of compose.yaml. Its variables have their defaults. */
export function readServices(): z.infer<typeof compose>["services"] {
  const { services } = compose.parse(
    parse(readFileSync(`${root}/compose.yaml`, "utf8"), { merge: true }),
  );
  for (const { environment } of Object.values(services)) {
    for (const [name, value] of Object.entries(environment)) {
      environment[name] = value.replaceAll(/\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}/g, "$1");
    }
  }
  return services;
}
