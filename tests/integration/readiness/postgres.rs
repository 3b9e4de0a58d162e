//! What a PostgreSQL server does not permit, or cannot do.

use isogloss_testkit::Postgres;

use crate::readiness::Effect::{self, Refused, Warning};
use crate::readiness::Subject;

/// A change of the server, and what is reported then. `{db}` is the database.
struct Case {
    name: &'static str,
    breaks: &'static str,
    mends: &'static str,
    effect: Effect,
    reason: &'static str,
    /// Message of the doctor, which checks the tables as a gateway does at its start.
    doctor: &'static str,
}

const CASES: [Case; 10] = [
    Case {
        name: "no right to read login names",
        breaks: "REVOKE SELECT ON logins FROM isogloss",
        mends: "GRANT SELECT ON logins TO isogloss",
        effect: Refused,
        reason: "SELECT on logins",
        doctor: "SELECT on logins",
    },
    Case {
        name: "no right to read users",
        breaks: "REVOKE SELECT ON user_accounts FROM isogloss",
        mends: "GRANT SELECT ON user_accounts TO isogloss",
        effect: Refused,
        reason: "SELECT on user_accounts",
        doctor: "SELECT on user_accounts",
    },
    Case {
        name: "no right to the schema",
        breaks: "REVOKE ALL ON SCHEMA public FROM PUBLIC, isogloss, pg_database_owner",
        mends: "GRANT ALL ON SCHEMA public TO isogloss",
        effect: Refused,
        reason: "SELECT on user_accounts, users, logins",
        doctor: "no schema has been selected",
    },
    Case {
        name: "no right to change users",
        breaks: "REVOKE UPDATE ON users, audit FROM isogloss",
        mends: "GRANT UPDATE ON users, audit TO isogloss",
        effect: Warning,
        reason: "UPDATE on users, audit",
        doctor: "UPDATE on users, audit",
    },
    Case {
        name: "no right to add rows",
        breaks: "REVOKE INSERT ON totp_states, imports, audit FROM isogloss",
        mends: "GRANT INSERT ON totp_states, imports, audit TO isogloss",
        effect: Warning,
        reason: "INSERT on imports, totp_states, audit",
        doctor: "INSERT on imports, totp_states, audit",
    },
    Case {
        name: "no right to remove rows",
        breaks: "REVOKE DELETE ON access_cards, erased_users FROM isogloss",
        mends: "GRANT DELETE ON access_cards, erased_users TO isogloss",
        effect: Warning,
        reason: "DELETE on access_cards, erased_users",
        doctor: "DELETE on access_cards, erased_users",
    },
    Case {
        name: "read-only transactions",
        breaks: "ALTER ROLE isogloss SET default_transaction_read_only = on",
        mends: "ALTER ROLE isogloss RESET default_transaction_read_only",
        effect: Warning,
        reason: "cannot execute INSERT in a read-only transaction (SQLSTATE 25006)",
        doctor: "in a read-only transaction",
    },
    Case {
        name: "another password",
        breaks: "ALTER ROLE isogloss PASSWORD 'another'",
        mends: "ALTER ROLE isogloss PASSWORD 'pg-geheim-0815'",
        effect: Refused,
        reason: "SQLSTATE 28P01",
        doctor: "SQLSTATE 28P01",
    },
    Case {
        name: "a role that may not log in",
        breaks: "ALTER ROLE isogloss NOLOGIN",
        mends: "ALTER ROLE isogloss LOGIN",
        effect: Refused,
        reason: "SQLSTATE 28000",
        doctor: "SQLSTATE 28000",
    },
    Case {
        name: "a database that is gone",
        breaks: "ALTER DATABASE {db} RENAME TO moved",
        mends: "ALTER DATABASE moved RENAME TO {db}",
        effect: Refused,
        reason: "SQLSTATE 3D000",
        doctor: "SQLSTATE 3D000",
    },
];

fn name_of(url: &str) -> String {
    url.rsplit('/').next().unwrap().to_owned()
}

/// Runs a statement. Statements about a database as a whole run in another one, with no open connections to it.
fn run(postgres: &Postgres, database: &str, statement: &str) {
    let statement = statement.replace("{db}", database);
    if statement.contains("DATABASE") {
        // The gateway may reconnect before the database is renamed.
        while postgres.sql("postgres", &statement).is_err() {
            postgres.cut_off(database).unwrap();
        }
    } else {
        let within = if postgres.sql(database, "SELECT 1").is_ok() {
            database
        } else {
            "postgres"
        };
        postgres.sql(within, &statement).unwrap();
    }
    // Settings of a role apply only to new connections.
    if statement.contains("ALTER") {
        postgres.cut_off(database).unwrap();
    }
}

#[test]
fn what_a_postgresql_refuses_is_named_by_readyz_log_and_doctor() {
    let postgres = Postgres::start().unwrap();
    let url = postgres.new_database().unwrap();
    let database = name_of(&url);
    let subject = Subject::start(|builder| builder.directory(url));
    subject.assert_mended("at the start");
    for case in &CASES {
        run(&postgres, &database, case.breaks);
        subject.assert_broken(
            case.name,
            "directory",
            case.effect,
            [case.reason, case.doctor],
        );
        let (_, body) = subject.readyz();
        assert!(!body.to_string().contains("geheim"), "{body}");
        run(&postgres, &database, case.mends);
        subject.assert_mended(case.name);
        let left = "SELECT count(*) FROM imports WHERE length(fingerprint) < 32";
        assert_eq!(postgres.sql(&database, left).unwrap(), "0");
    }
}

#[test]
fn tables_that_cannot_be_made_are_named() {
    let postgres = Postgres::start().unwrap();
    let url = postgres.new_database().unwrap();
    let database = name_of(&url);
    let rights = "REVOKE ALL ON SCHEMA public FROM PUBLIC, pg_database_owner;
        GRANT USAGE ON SCHEMA public TO isogloss";
    postgres.sql(&database, rights).unwrap();
    let subject = Subject::start(|builder| builder.directory(url));
    let reason = "permission denied for schema public";
    subject.assert_broken("CREATE refused", "directory", Refused, [reason, reason]);
    let grant = "GRANT CREATE ON SCHEMA public TO isogloss";
    postgres.sql(&database, grant).unwrap();
    subject.assert_mended("CREATE refused");
}

#[test]
fn tables_of_a_newer_release_are_named() {
    let postgres = Postgres::start().unwrap();
    let url = postgres.new_database().unwrap();
    let database = name_of(&url);
    let first = Subject::start(|builder| builder.directory(&url));
    first.assert_mended("at the start");
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (999, 'of a newer release', true, 'x', 0)";
    postgres.sql(&database, newer).unwrap();
    let subject = Subject::start(|builder| builder.directory(&url));
    let reason = "the tables are of a newer release: they are at version 999";
    subject.assert_broken("newer", "directory", Refused, [reason; 2]);
    assert_eq!(first.login(), 200, "a gateway that runs goes on");
    let back = "DELETE FROM _sqlx_migrations WHERE version = 999";
    postgres.sql(&database, back).unwrap();
    subject.assert_mended("newer");
}
