-- What each credential took of its minute, for gateways that share the load. Lost in a crash, which costs a minute's
-- counts and saves the WAL of every one of them. The columns are those that rate-limiter-flexible writes.
CREATE UNLOGGED TABLE quota_counters (
  key varchar(255) NOT NULL,
  points integer NOT NULL DEFAULT 0,
  expire bigint,
  CONSTRAINT quota_counters_pkey PRIMARY KEY (key)
) WITH (fillfactor = 50);

-- Counters belong to no tenant (their keys are hashes). A connection that works for a tenant does not reach them.
ALTER TABLE quota_counters ENABLE ROW LEVEL SECURITY;
CREATE POLICY no_tenant ON quota_counters
  USING (current_tenant_id() IS NULL) WITH CHECK (current_tenant_id() IS NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON quota_counters TO crm_gateway;
