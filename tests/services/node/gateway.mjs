// What the scripts of this folder have in common. `../gateway.py` logs in and out.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const { ISSUER: issuer, SERVICE_KEY: key, AUDIENCE: audience } = process.env;
const maxAge = Number(process.env.MAX_AGE) * 1000;
// Scripts run next to each other on a busy machine.
const patience = 5000;

const program = fileURLToPath(new URL("../gateway.py", import.meta.url));
const run = (...command) => execFileSync("python3", [program, ...command], { encoding: "utf8" });

/** Logs the demo's administrator in, and returns a token of each dialect. */
export const login = () => JSON.parse(run("login"));

/** Returns a JWT for each of these tokens. */
export const exchange = (tokens) => JSON.parse(run("exchange", JSON.stringify(tokens)));

export function seen(what) {
    console.log(`seen: ${what}`);
}

/** Compares what a service knows of a token with what the directory has. */
export function compare({ username, role, dialect, scope }, expected) {
    assert.deepEqual(
        { username, role, dialect, scope },
        { username: "admin", role: "ADMIN", dialect: expected, scope: "read write admin" },
    );
}

/**
 * Logs out, and waits until the service refuses all credentials: the tokens, or the JWTs for them.
 *
 * `accepts` returns whether the service accepts one. It must refuse all of them within `max_age`, and the `leeway` in
 * seconds that it grants to clocks.
 */
export async function seeLogout(tokens, accepts, credentials = tokens, leeway = 0) {
    const accepted = async () => {
        const answers = await Promise.all(Object.values(credentials).map(accepts));
        return answers.filter(Boolean).length;
    };
    assert.equal(await accepted(), 4, "refused before the logout");
    run("logout", JSON.stringify(tokens));
    const deadline = Date.now() + maxAge + leeway * 1000 + patience;
    if ((await accepted()) === 0) return seen("logout at once");
    while ((await accepted()) > 0) {
        assert.ok(Date.now() < deadline, "still accepted after max_age");
        await sleep(200);
    }
    seen("logout within max_age");
}
