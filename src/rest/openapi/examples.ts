import type { Values } from "../../model/record.ts";
import type { InputDefinition } from "../../write/input-definition.ts";
import type { AnyOperation, Resource } from "../face.ts";
import type { JsonSchema } from "../../model/kind.ts";
import type { Components } from "./schema.ts";

type Sample = {
  /** A body that makes such a record. */
  readonly body: Values;
  /** Of the record: what the body does not say, or what is printed in another way. */
  readonly record?: Values;
};

const uuid = "019cbd7f-679e-705d-b742-3c0d785c8c30";
const accountId = `acc-${uuid}`;
const line = { description: "Night cleaning, per week", quantity: 4, unit_price: 350.5 };

/** By noun: what the documents show, and the like for the others. */
const samples: Readonly<Record<string, Sample>> = {
  Account: {
    body: {
      name: "North Harbor Facilities",
      industry: "Facility services",
      domain: "northharbor.example",
      phone: "+1 404 555 0128",
      annual_revenue: 4200000,
      lifecycle_stage: "customer",
      tags: ["priority"],
    },
    record: { display_name: "North Harbor Facilities" },
  },
  Contact: {
    body: {
      account_id: accountId,
      first_name: "Nora",
      last_name: "Harbor",
      email: "nora@northharbor.example",
      phone: "+14045550128",
      job_title: "Head of operations",
    },
    record: { display_name: "Nora Harbor", phone_1: "+14045550128" },
  },
  Deal: {
    body: {
      account_id: accountId,
      name: "Cleaning of three sites",
      stage: "proposal",
      value: 48000.5,
      currency: "USD",
      expected_close_date: "2026-11-30",
    },
    record: {
      deal_number: "DEAL-2026-00417",
      expected_close_date: "2026-11-30T00:00:00.000Z",
    },
  },
  Activity: {
    body: { account_id: accountId, type: "call", subject: "Asked for a quote" },
    record: { activity_type: "call" },
  },
  Quote: {
    body: {
      account_id: accountId,
      name: "Three sites, one year",
      currency: "USD",
      line_items: [line],
    },
    record: {
      quote_number: "Q-2026-00892",
      value: 1402,
      total: 1402,
      line_items: [
        {
          id: `lin-${uuid}`,
          ...line,
          discount: 0,
          total: 1402,
          currency: "USD",
          discount_type: "amount",
        },
      ],
    },
  },
  LineItem: {
    body: { quote_id: `qte-${uuid}`, ...line },
    record: { total: 1402 },
  },
  IntegrationCustomer: {
    body: {
      last_name: "Doe",
      first_name: "John",
      phone_1_label: "Mobile",
      phone_1: "+49 12345678",
    },
    record: {
      tenant_id: "2d6e54c6-a284-392c-b658-10af4d5989bb",
      created_at: "2026-03-05T10:16:09.000000Z",
      updated_at: "2026-03-05T10:16:09.000000Z",
    },
  },
  Customer: {
    body: {
      account_type: "business",
      display_name: "North Harbor Facilities",
      company_name: "North Harbor Facilities",
      first_name: "Nora",
      last_name: "Harbor",
      email: "ops@northerborfacilities.com",
      phone: "+1-404-555-0128",
    },
    record: {
      id: "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3",
      organization_id: "dce3853d-4f94-4bc8-a816-4d0d74c11a9d",
      created_at: "2026-03-18T15:40:12.000Z",
    },
  },
};

/** A body that makes a record, or one that changes it. */
export function bodyExample(
  { verb, resource: { noun } }: Pick<AnyOperation, "verb" | "resource">,
  { fields }: InputDefinition,
): Values {
  const body = samples[noun]?.body ?? {};
  if (verb === "upsert" || fields["version"]?.ignored !== false) return body;
  const [changed] = Object.entries(body).filter(([key]) => !key.endsWith("_id"));
  return { ...(changed === undefined ? {} : { [changed[0]]: changed[1] }), version: 1 };
}

/** A record: its sample where there is one, else what its type says. */
export function recordExample({ noun }: Resource, components: Components): Values {
  const { body = {}, record = {} } = samples[noun] ?? {};
  const shape = components.schema(noun);
  const properties = Object.entries(shape["properties"] ?? {});
  const said: Values = { source_type: "api", ...body, ...record };
  return Object.fromEntries(
    properties.map(([key, schema]) => [
      key,
      Object.hasOwn(said, key) ? said[key] : valueOf(schema),
    ]),
  );
}

/** Some value of a type. */
function valueOf(schema: JsonSchema): unknown {
  const { type, enum: values, pattern, format } = schema;
  if (Array.isArray(values)) return values[0];
  if (Array.isArray(type) || type === undefined) return null;
  switch (type) {
    case "boolean":
      return false;
    case "integer":
      return 1;
    case "number":
      return 0;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return textOf(typeof pattern === "string" ? pattern : "", format);
  }
}

function textOf(pattern: string, format: unknown): string {
  const [, prefix] = /^\^([a-z]+-)\[/.exec(pattern) ?? [];
  if (prefix !== undefined) return `${prefix}${uuid}`;
  if (format === "uuid") return uuid;
  if (format === "date-time")
    return `2026-03-18T15:40:12.${pattern.includes("{6}") ? "000000" : "000"}Z`;
  return pattern.startsWith("^[A-Z]") ? "USD" : "edm";
}
