import { v7 as uuidv7 } from "uuid";
import type { Fixtures, Made, TenantFixtures } from "./fixtures.ts";

/** One of everything in a tenant, with every edge there is. */
export type Graph = {
  readonly tenant: TenantFixtures;
  /** Deleted records that were merged into others. */
  readonly merged: readonly Made[];
  /** Entity name → its records. */
  readonly records: Readonly<Record<string, readonly Made[]>>;
};

/** Makes a tenant whose every edge leads somewhere. Two of them differ in nothing but their ids. */
export async function completeTenant(fixtures: Fixtures, slug: string): Promise<Graph> {
  const tenant = await fixtures.tenant(slug, { name: "Twin" });
  const department = await tenant.department("Sales");
  const parent = await tenant.account({ name: "Harbor Holding", email: "holding@twin.example" });
  const account = await tenant.account({
    name: "Harbor Facilities",
    domain: "twin.example",
    parentAccountId: parent.uuid,
    tags: ["key"],
    customFields: { risk: { score: 7 } },
  });
  const manager = await tenant.contact(account, {
    firstName: "Nora",
    lastName: "Harbor",
    email: "nora@twin.example",
  });
  const contact = await tenant.contact(account, {
    firstName: "Ned",
    lastName: "Harbor",
    email: "ned@twin.example",
    reportsToContactId: manager.uuid,
    departmentId: department.uuid,
    isPrimary: true,
  });
  const gone = { deletedAt: "2026-02-03T04:05:06.000Z", deletedBy: "usr-1" };
  const mergedAccount = await tenant.account({
    name: "Harbor Twin",
    mergedIntoId: account.uuid,
    ...gone,
  });
  const mergedContact = await tenant.contact(account, {
    lastName: "Harbor Twin",
    mergedIntoId: contact.uuid,
    ...gone,
  });
  const deal = await tenant.deal(account, {
    name: "Harbor deal",
    dealNumber: "DEAL-2026-00001",
    primaryContactId: contact.uuid,
    value: "1000.5",
  });
  await tenant.stakeholder(deal, contact);
  const stageChange = await tenant.make("stageChange", { dealId: deal.uuid, toStage: "lead" });
  const activity = await tenant.activity(account, {
    dealId: deal.uuid,
    contactId: contact.uuid,
    type: "task",
    subject: "Harbor call",
  });
  await tenant.participant(activity, contact);
  const quote = await tenant.quote(account, deal, {
    name: "Harbor quote",
    quoteNumber: "Q-2026-00001",
  });
  const lineItem = await tenant.lineItem(quote, {
    description: "Harbor cleaning",
    unitPrice: "10",
  });
  const apiKey = await tenant.make("apiKey", {
    name: "bound",
    environment: "test",
    secretHash: Buffer.alloc(32, 1),
    departmentId: department.uuid,
  });
  const change = await tenant.make("changeEvent", {
    position: 1,
    recordType: "Deal",
    recordId: deal.uuid,
    operation: "created",
    version: 1,
    changes: { name: [null, "Harbor deal"] },
  });
  await addWebhook(fixtures, { tenant, apiKey, deal, change });
  await addImport(fixtures, { tenant, apiKey });
  await fixtures.insert("picklists", {
    tenant_id: tenant.uuid,
    list: "dealTypes",
    values: JSON.stringify([
      { value: `type of ${tenant.slug}`, label: `label of ${tenant.slug}`, kind: null },
    ]),
    updated_by: `setter of ${tenant.slug}`,
  });
  return {
    tenant,
    merged: [mergedAccount, mergedContact],
    records: {
      tenant: [tenant],
      department: [department],
      account: [parent, account],
      contact: [manager, contact],
      deal: [deal],
      stageChange: [stageChange],
      activity: [activity],
      quote: [quote],
      lineItem: [lineItem],
      apiKey: [apiKey],
      changeEvent: [change],
    },
  };
}

/** A webhook with a delivery that was tried. It is paused, so that nobody sends anything. */
async function addWebhook(
  fixtures: Fixtures,
  made: {
    readonly tenant: TenantFixtures;
    readonly apiKey: Made;
    readonly deal: Made;
    readonly change: Made;
  },
): Promise<void> {
  const { tenant, apiKey, deal, change } = made;
  const [webhook, delivery] = [uuidv7(), uuidv7()];
  const row = { tenant_id: tenant.uuid };
  await fixtures.insert("webhooks", {
    ...row,
    id: webhook,
    url: "https://hooks.example/",
    description: `hook of ${tenant.slug}`,
    api_key_id: apiKey.uuid,
    status: "paused",
    position: 1,
    created_by: apiKey.id,
  });
  await fixtures.insert("webhook_secrets", {
    ...row,
    id: uuidv7(),
    webhook_id: webhook,
    secret: `whsec_${Buffer.from(tenant.slug).toString("base64")}`,
  });
  await fixtures.insert("webhook_deliveries", {
    ...row,
    id: delivery,
    webhook_id: webhook,
    position: 1,
    event_id: change.uuid,
    record_type: "Deal",
    record_id: deal.uuid,
    status: "failed",
    status_reason: `reason of ${tenant.slug}`,
    attempts: 1,
  });
  await fixtures.insert("webhook_attempts", {
    ...row,
    id: uuidv7(),
    delivery_id: delivery,
    started_at: "2026-01-02T03:04:05.000Z",
    milliseconds: 7,
    http_status: 500,
    answer: `answer of ${tenant.slug}`,
    failure: `failure of ${tenant.slug}`,
  });
}

/** An import that has ended, with a row that was refused. */
async function addImport(
  fixtures: Fixtures,
  { tenant, apiKey }: { readonly tenant: TenantFixtures; readonly apiKey: Made },
): Promise<void> {
  const id = uuidv7();
  const row = { tenant_id: tenant.uuid };
  await fixtures.insert("imports", {
    ...row,
    id,
    entity: "contact",
    mode: "create",
    options: "{}",
    file_name: `file of ${tenant.slug}`,
    status: "done",
    rows: 1,
    rows_done: 1,
    rows_refused: 1,
    actor: JSON.stringify({ kind: "apiKey", id: apiKey.id }),
    created_by: apiKey.id,
    finished_at: "2026-01-02T03:04:05.000Z",
  });
  const part = { ...row, import_id: id };
  await fixtures.insert("import_chunks", { ...part, place: 0, rows: 1 });
  const cells = JSON.stringify({ Name: `cell of ${tenant.slug}` });
  await fixtures.insert("import_refused_rows", { ...part, row: 2, cells });
  await fixtures.insert("import_errors", {
    ...part,
    row: 2,
    place: 0,
    column: "Name",
    field: "last_name",
    code: "BAD_USER_INPUT",
    message: `error of ${tenant.slug}`,
  });
}
