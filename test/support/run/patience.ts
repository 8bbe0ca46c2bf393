/**
 * A gateway whose limits a test does not meet, however much it asks at once and however slow the machine is; tests of
 * limits set what they need.
 */
export const patientEnvironment: Readonly<Record<string, string>> = {
  NODE_ENV: "test",
  REQUESTS_PER_MINUTE: "1000000",
  POINTS_PER_MINUTE: "1000000000",
  MAX_IN_FLIGHT: "1000",
  POOL_QUEUE: "10000",
  POOL_WAIT: "60s",
  LOCK_TIMEOUT: "30s",
  STATEMENT_TIMEOUT: "30s",
  REQUEST_TIMEOUT: "2min",
};
