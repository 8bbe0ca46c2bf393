// The customers API: node client/examples/customers.mjs, after `npm run client:build`, with BASE_URL, ORGANIZATION_ID
// and API_KEY in the environment.
import { AsteriPublicApiClient, DuplicateError } from "crm-gateway-client";

const { BASE_URL = "http://127.0.0.1:4000", ORGANIZATION_ID, API_KEY } = process.env;
const client = new AsteriPublicApiClient({
  baseUrl: BASE_URL,
  organizationId: ORGANIZATION_ID,
  apiKey: API_KEY,
});

try {
  const { data } = await client.customers.create({
    account_type: "business",
    company_name: "Lighthouse Trust",
    first_name: "Ada",
    last_name: "Quay",
    email: "ops@lighthouse.example",
    phone: "+1-404-555-0199",
  });
  console.log(`created ${data.display_name}`);
} catch (error) {
  if (!(error instanceof DuplicateError)) throw error;
  console.log(`there already: ${error.message}`);
}

for await (const { display_name, email } of client.customers.list({ account_type: "business" })) {
  console.log(display_name, email);
}
