import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
/** The ids of messages that are done. Keep them in your database, in the transaction that does the work. */
const done = new Set();

const app = new Hono();
app.post("/hook", async (context) => {
  let message;
  try {
    message = webhook.verify(await context.req.text(), context.req.header());
  } catch {
    return context.text("The signature is not valid.", 400);
  }
  // A message can come more than once, always with the same id.
  const id = context.req.header("webhook-id");
  if (!done.has(id)) {
    handle(message);
    done.add(id);
  }
  return context.body(null, 204);
});

function handle({ type, data }) {
  console.log(type, data.record_id, data.version);
}

const options = { fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT ?? 3000) };
serve(options, ({ port }) => console.log(`http://127.0.0.1:${port}/hook`));
