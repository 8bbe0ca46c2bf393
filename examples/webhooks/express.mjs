import express from "express";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
/** The ids of messages that are done. Keep them in your database, in the transaction that does the work. */
const done = new Set();

const app = express();
// The signature is over the bytes as they came, so nothing may parse them before.
app.post("/hook", express.raw({ type: "application/json", limit: "20mb" }), (request, response) => {
  let message;
  try {
    message = webhook.verify(request.body, request.headers);
  } catch {
    response.status(400).send("The signature is not valid.");
    return;
  }
  // A message can come more than once, always with the same id.
  const id = request.headers["webhook-id"];
  if (!done.has(id)) {
    handle(message);
    done.add(id);
  }
  response.sendStatus(204);
});

function handle({ type, data }) {
  console.log(type, data.record_id, data.version);
}

app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}/hook`);
});
