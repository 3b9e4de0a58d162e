// openid-client: metadata, introspection, exchange. By default, it sends the key in the form (`client_secret_post`).

import assert from "node:assert/strict";
import { audience, compare, issuer, key, login, seeLogout, seen } from "./gateway.mjs";

// snippet: introspection
import * as client from "openid-client";

const config = await client.discovery(new URL(issuer), "archive", key);
const introspect = (token) => client.tokenIntrospection(config, token);
// end
seen("discovery");

const tokens = login();
for (const [dialect, token] of Object.entries(tokens)) {
    const claims = await introspect(token);
    compare(claims, dialect);
    assert.equal(claims.active, true);
    seen(`introspection of ${dialect}`);
}

// snippet: exchange
const exchange = (token) =>
    client.genericGrantRequest(config, "urn:ietf:params:oauth:grant-type:token-exchange", {
        subject_token: token,
        subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    });
// end
const { access_token, token_type, scope, issued_token_type } = await exchange(tokens.memsource);
assert.deepEqual(
    { token_type, scope, issued_token_type },
    {
        token_type: "bearer",
        scope: "read write admin",
        issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    },
);
seen("exchange");

// The JWT is a token, too.
const claims = await introspect(access_token);
assert.equal(claims.active, true);
assert.equal(claims.aud, audience);
compare(claims, "memsource");

await seeLogout(tokens, async (token) => (await introspect(token)).active);
assert.deepEqual(await introspect(access_token), { active: false });
