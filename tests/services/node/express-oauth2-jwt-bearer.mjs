// express-oauth2-jwt-bearer in a service of Express: metadata, JWTs and scopes.

import assert from "node:assert/strict";
import { once } from "node:events";
import { audience, compare, exchange, issuer, login, seeLogout, seen } from "./gateway.mjs";

// snippet: jwt
import express from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer";

const app = express();
app.use(auth({ issuerBaseURL: issuer, audience }));
app.get("/plans", requiredScopes("read"), (request, response) => response.json(request.auth.payload));
// end
app.get("/keys", requiredScopes("master"), (request, response) => response.json({}));

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const call = (path, jwt) =>
    fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { Authorization: `Bearer ${jwt}` } });

const tokens = login();
const jwts = exchange(tokens);
for (const [dialect, jwt] of Object.entries(jwts)) {
    const response = await call("/plans", jwt);
    assert.equal(response.status, 200, response.headers.get("www-authenticate"));
    compare(await response.json(), dialect);
}
// It reads the metadata before it knows the keys.
seen("discovery");
seen("JWT");
assert.equal((await call("/keys", jwts.memsource)).status, 403);
assert.equal((await call("/plans", "none")).status, 401);

// Its `clockTolerance` is 5 seconds.
await seeLogout(tokens, async (jwt) => (await call("/plans", jwt)).ok, jwts, 5);
server.close();
server.closeAllConnections();
