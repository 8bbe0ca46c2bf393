import {
  at,
  listAt,
  startGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "../gateway/gateway.ts";
import { startReceiver, type Receiver } from "./receiver.ts";
import { createWebhook, webhookOf, type Made } from "./webhook.ts";

/** For machines that are busy: what never comes still fails. */
export const patient = { timeout: 60_000 };

/** A tenant of a gateway that sends webhooks, an account of it, and a receiver for what is sent. */
export class Hooks {
  readonly gateway: TestGateway;
  readonly receiver: Receiver;
  readonly key: string;
  readonly account: string;

  private constructor(gateway: TestGateway, receiver: Receiver, key: string, account: string) {
    this.gateway = gateway;
    this.receiver = receiver;
    this.key = key;
    this.account = account;
  }

  static async start(options: TestGatewayOptions): Promise<Hooks> {
    const receiver = await startReceiver();
    const gateway = await startGateway(options);
    const { slug } = await gateway.fixtures.tenant("hooks");
    const key = await gateway.keyFor(slug);
    const made = await gateway.data(
      key,
      `mutation { createAccount(input: {name: "A"}) { account { id } } }`,
    );
    const account = String(at(made, "createAccount", "account", "id"));
    return new Hooks(gateway, receiver, key, account);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    this.receiver.close();
  }

  /** Runs one mutation, and gives what it answers. */
  async write(field: string): Promise<unknown> {
    return at(await this.gateway.data(this.key, `mutation { done: ${field} }`), "done");
  }

  async makeDeal(stage = "lead"): Promise<string> {
    const input = `account_id: "${this.account}", stage: "${stage}"`;
    return String(
      at(await this.write(`createDeal(input: {${input}}) { deal { id } }`), "deal", "id"),
    );
  }

  async updateDeal(id: string, input: Readonly<Record<string, unknown>>): Promise<void> {
    await this.gateway.data(
      this.key,
      `mutation ($id: ID!, $input: UpdateDealInput!) { updateDeal(id: $id, input: $input) { userErrors { message } } }`,
      { id, input },
    );
  }

  /** A webhook of deals, at a path of the receiver. */
  makeWebhook(path: string, input: Readonly<Record<string, unknown>> = {}): Promise<Made> {
    const whole = { url: this.receiver.urlOf(path), types: ["Deal"], ...input };
    return createWebhook(this.gateway, this.key, whole);
  }

  removeWebhook(id: string): Promise<unknown> {
    return this.write(`deleteWebhook(id: "${id}") { userErrors { code } }`);
  }

  /** What it says of itself. */
  stateOf(id: string): Promise<unknown> {
    return webhookOf(this.gateway, this.key, id);
  }

  async deliveriesOf(id: string): Promise<readonly unknown[]> {
    return listAt(await this.stateOf(id), "deliveries");
  }

  async attemptsOf(id: string): Promise<number> {
    return (await this.deliveriesOf(id)).flatMap((one) => listAt(one, "attempts")).length;
  }

  /** The versions of a record that came to a path, in order. */
  versions(path: string, record: string): unknown[] {
    return this.receiver
      .at(path)
      .filter(({ data }) => data.record_id === record)
      .map(({ data }) => data.version);
  }

  /** A statement of the database's owner: how time passes in tests. */
  readonly own = async (
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Record<string, unknown>[]> => {
    const { client } = this.gateway.fixtures;
    return (await client.query<Record<string, unknown>>(text, [...values])).rows;
  };

  /** Gives what is seen after a statement of the owner's that is undone then: no run of a webhook goes by it. */
  async seenAfter<Seen>(
    text: string,
    values: readonly unknown[],
    look: () => Promise<Seen>,
  ): Promise<Seen> {
    await this.own("BEGIN");
    try {
      await this.own(text, values);
      return await look();
    } finally {
      await this.own("ROLLBACK");
    }
  }
}

/** A webhook's id in SQL. */
export const uuid = (id: string): string => id.slice("whk-".length);
