import { poolDefaults } from "../../../src/config.ts";

/** In a run on Citus: all of a test's databases are distributed. What the start finds out is said to tests here. */
Object.assign(poolDefaults, { isDistributed: true });
