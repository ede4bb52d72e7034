-- What the API, the post-confirmation function and the scripts on AWS sign in as: cruddur_api may do what the queries of
-- db/sql do, and change no table. `bin/db/release` applies this after the migrations, each time.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cruddur_api') THEN
        CREATE ROLE cruddur_api LOGIN;
    END IF;
    -- RDS takes a token of an AWS role from its members instead of a password, and has it; other servers have not.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
        GRANT rds_iam TO cruddur_api;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA public TO cruddur_api;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO cruddur_api;
REVOKE INSERT, UPDATE ON schema_migrations FROM cruddur_api;
