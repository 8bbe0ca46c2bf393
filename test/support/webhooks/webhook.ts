import { expect } from "vitest";
import { at, type TestGateway } from "../gateway/gateway.ts";

/** The webhook that was created, and its secret. */
export type Made = { readonly id: string; readonly secret: string };

/** Creates a webhook, which must be accepted. */
export async function createWebhook(
  gateway: TestGateway,
  key: string,
  input: Readonly<Record<string, unknown>>,
): Promise<Made> {
  const data = await gateway.data(
    key,
    `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } secret userErrors { message path } } }`,
    { input },
  );
  const made = at(data, "createWebhook");
  expect(at(made, "userErrors")).toEqual([]);
  return { id: String(at(made, "webhook", "id")), secret: String(at(made, "secret")) };
}

/** What a webhook says of itself and of its deliveries. */
export async function webhookOf(gateway: TestGateway, key: string, id: string): Promise<unknown> {
  const found = await gateway.data(
    key,
    `query ($id: ID!) { webhook(id: $id) { status statusReason failingSince lag { waiting unread nextAttemptAt }
      deliveries { id eventId status statusReason attemptCount attempts { status milliseconds answer failure } } } }`,
    { id },
  );
  return at(found, "webhook");
}
