import { defineEntity } from "../../model/entity.ts";
import {
  bytes,
  dateTime,
  id,
  int,
  managed,
  reference,
  text,
  textList,
  unmeasured,
} from "../../model/field.ts";
import { one } from "../../model/relation.ts";
import { history } from "../shared-fields.ts";

export const apiKey = defineEntity("ApiKey", {
  plural: "apiKeys",
  prefix: "key",
  description:
    "A credential of another server. Its secret is shown once, when it is made, and kept only as a hash.",
  fields: {
    id: id("Identifier, `key-<uuid>`."),
    tenantId: managed(reference("The tenant it opens.")),
    name: text("What the key is for."),
    environment: text(
      "The second part of the key, `crm_<environment>_…`: `live`, `test` or `demo`.",
    ),
    scopes: textList("What the key may do, e.g. `read:*`, `write:deals`."),
    departmentId: reference(
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
    version: unmeasured(managed(int("Starts at 1 and grows by one with every write."))),
    createdAt: managed(dateTime("When it was made (UTC, milliseconds).")),
    createdBy: managed(text("Who made it: a caller's `sub` or an API key's id.")),
  },
  internal: {
    secretHash: bytes("SHA-256 of the secret."),
    quotaIds: textList(
      "The keys in whose minutes its requests count: itself, its maker, that one's maker; empty for itself alone.",
    ),
  },
  relations: {
    tenant: one("tenant", "The tenant it opens."),
    department: one("department", "The department it is bound to."),
    history,
  },
});
