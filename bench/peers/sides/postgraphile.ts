// PostGraphile as its documentation sets it up: the amber preset, grafserv over node:http.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { serve } from "./serve.ts";

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.argv[2] ?? "", schemas: ["public"] })],
  // Conditions on deleted_at and orders by created_at, which no index begins with.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  grafserv: { graphiql: false },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
await serve(server, () => instance.release());
