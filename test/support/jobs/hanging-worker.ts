// Takes a job and never ends it: node hanging-worker.ts <url>. Says "taken" once it has it.
import { pino } from "pino";
import { z } from "zod";
import { Jobs } from "../../../src/jobs/jobs.ts";
import { defineTask } from "../../../src/jobs/task.ts";

const jobs = new Jobs({ url: process.argv[2] ?? "", logger: pino({ level: "silent" }) });
const hang = defineTask({
  name: "test.work",
  payload: z.unknown(),
  run: () => {
    console.log("taken");
    return new Promise<never>(() => undefined);
  },
});
jobs.run([hang], { atOnce: 1 });
