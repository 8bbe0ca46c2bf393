// The CRM API: node client/examples/crm.mjs, after `npm run client:build`, with BASE_URL and API_KEY in the environment.
import { ConflictError, createCrmClient } from "crm-gateway-client";

const { BASE_URL = "http://127.0.0.1:4000", API_KEY } = process.env;
const { accounts, deals } = createCrmClient({ baseUrl: BASE_URL, apiKey: API_KEY }).customer;

const account = await accounts.create({ name: "Harborview Insurance" });
const deal = await deals.create({ account_id: account.id, name: "Renewal", value: 1200 });

// Only who changes the version that was read may write; the second one is told what is there now.
await deals.update(deal.id, { stage: "qualified" }, { ifMatch: deal.version });
try {
  await deals.update(deal.id, { stage: "proposal" }, { ifMatch: deal.version });
} catch (error) {
  if (!(error instanceof ConflictError)) throw error;
  console.log(`somebody was first: ${error.current.stage}`);
}

const { data, pagination } = await deals.list({ account_id: account.id, value: { gte: 1000 } });
console.log(`${pagination.count} deal: ${data[0].name}, ${data[0].value} ${data[0].currency}`);

await accounts.delete(account.id);
for await (const gone of deals.list({ account_id: account.id, include_deleted: true })) {
  console.log(`${gone.name} went with its account: ${gone.is_deleted}`);
}
