import { defineEntity } from "../../model/entity.ts";
import { bytes, dateTime, id, int, managed, reference, text, textList } from "../../model/field.ts";
import { one } from "../../model/relation.ts";
import { unmeasured } from "../../query/aggregate/measure.ts";
import { historyOf } from "../shared-fields.ts";

export const apiKey = defineEntity({
  name: "apiKey",
  plural: "apiKeys",
  type: "ApiKey",
  table: "api_keys",
  prefix: "key",
  description:
    "A credential of another server. Its secret is shown once, when it is made, and kept only as a hash.",
  softDelete: false,
  searchable: false,
  fields: {
    id: id("Identifier, `key-<uuid>`."),
    tenantId: managed(reference("tenant", "The tenant it opens.", { nullable: false })),
    name: text("What the key is for.", { nullable: false }),
    environment: text(
      "The second part of the key, `crm_<environment>_…`: `live`, `test` or `demo`.",
      { nullable: false },
    ),
    scopes: textList("What the key may do, e.g. `read:*`, `write:deals`."),
    departmentId: reference(
      "department",
      "A department is no fence: the key reads and writes the whole tenant, and what it makes over the integration API carries the department; null for none.",
    ),
    appId: text(
      "The application it was issued for (`app-…`): it then reads only that application's records.",
    ),
    requestsPerMinute: int(
      "Its quota of requests a minute; null for the default. The requests of a key that a key made count in its maker's quota too.",
    ),
    expiresAt: dateTime("When it stops working; null for never."),
    revokedAt: managed(dateTime("When it was revoked; null while it works.")),
    lastUsedAt: managed(dateTime("When it was last used, to the minute.")),
    version: unmeasured(
      managed(int("Starts at 1 and grows by one with every write.", { nullable: false })),
    ),
    createdAt: managed(dateTime("When it was made (UTC, milliseconds).", { nullable: false })),
    createdBy: managed(text("Who made it: a caller's `sub` or an API key's id.")),
  },
  internal: {
    secretHash: bytes("SHA-256 of the secret."),
    quotaIds: textList(
      "The keys in whose minutes its requests count: itself, its maker, that one's maker; empty for itself alone.",
    ),
  },
  relations: {
    tenant: one("tenant", "tenantId", "The tenant it opens."),
    department: one("department", "departmentId", "The department it is bound to."),
    history: historyOf("ApiKey"),
  },
});
