import { z } from "zod";
import { isScope } from "../../auth/scopes.ts";
import { inputField } from "../../write/input.ts";
import { entityInputs } from "../entity-inputs.ts";
import { apiKey } from "./model.ts";

export const apiKeyInputs = entityInputs(apiKey, {
  required: ["name", "scopes"],
  fields: {
    scopes: inputField({
      field: "scopes",
      schema: z
        .array(
          z.string("must be a scope").refine(isScope, {
            error: "must be a scope, such as read:accounts, write:deals, read:*, write:* or *",
          }),
          "must be a list of scopes",
        )
        .min(1, "must name at least one scope"),
      type: { listOf: { scalar: "String" } },
      description:
        "What the key may do, e.g. `read:*`, `write:deals`; no more than the caller itself may.",
    }),
    requests_per_minute: inputField({
      field: "requestsPerMinute",
      schema: z.int32("must be a whole number").min(1, "must be at least 1"),
      type: { scalar: "Int" },
      description: "Its quota of requests a minute, at least 1; null for the default.",
    }),
    environment: inputField({
      field: "environment",
      schema: z
        .string("must be text")
        .regex(/^[a-z]{1,16}$/, "must be 1 to 16 lower-case letters, such as live or test"),
      type: { scalar: "String" },
      description: "The second part of the key, `crm_<environment>_…`; by default `live`.",
    }),
  },
});
