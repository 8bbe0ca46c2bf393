// Delivers webhooks in a process of its own, and is killed at a step: node worker-process.ts <url> [step]
import { pino } from "pino";
import { Credentials } from "../../../src/auth/credentials.ts";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase } from "../../../src/db/database.ts";
import { Jobs } from "../../../src/jobs/jobs.ts";
import { Quotas } from "../../../src/limits/quotas.ts";
import { LiveFeed } from "../../../src/live/feed.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { Deliveries } from "../../../src/webhooks/deliveries.ts";
import { openWebhooks } from "../../../src/webhooks/open-webhooks.ts";
import { usualSchedule } from "../../../src/webhooks/schedule.ts";
import { Targets } from "../../../src/webhooks/target/targets.ts";
import { schema } from "../gateway/schema.ts";
import { tellOfCitus } from "../run/tell-of-citus.ts";

const [, , url = "", step = "none"] = process.argv;
const die = (): Promise<never> => {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
};

const { enqueue, claim, settle } = Deliveries.prototype;
const { post } = Targets.prototype;
switch (step) {
  case "read, not queued":
    Deliveries.prototype.enqueue = die;
    break;
  case "queued, not taken":
    Deliveries.prototype.enqueue = async function (endpoint, events, position) {
      const moved = await enqueue.call(this, endpoint, events, position);
      return events.length > 0 ? await die() : moved;
    };
    break;
  case "taken, not sent":
    Deliveries.prototype.claim = async function (...args) {
      const claimed = await claim.apply(this, args);
      return claimed.length > 0 ? await die() : claimed;
    };
    break;
  case "sent, not written":
    Targets.prototype.post = async function (...args) {
      await post.apply(this, args);
      return await die();
    };
    break;
  case "written":
    Deliveries.prototype.settle = async function (...args) {
      await settle.apply(this, args);
      return await die();
    };
    break;
  default:
    break;
}

await tellOfCitus(url);
const config = loadConfig({ NODE_ENV: "test" });
const logger = pino({ level: "silent" });
const database = openDatabase({ url });
const jobs = new Jobs({ url, logger });
const { apiKeys } = new Credentials({
  pool: database.pool,
  config: config.auth,
  requestsPerMinute: 600,
  logger,
});
const quotas = new Quotas(config.limits, database.pool);
const webhooks = openWebhooks({
  schema,
  database,
  config,
  jobs,
  apiKeys,
  quotas,
  logger,
  schedule: {
    ...usualSchedule,
    pauses: Array.from({ length: 50 }, () => 20),
    requestMilliseconds: 2_000,
    marginMilliseconds: 1_500,
  },
});
const live = new LiveFeed({ database, catalog });
jobs.run(webhooks.start(live), { atOnce: 20 });
