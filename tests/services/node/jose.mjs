// jose: JWTs.

import { audience, compare, exchange, issuer, login, seeLogout, seen } from "./gateway.mjs";

// snippet: jwt
import { createRemoteJWKSet, jwtVerify } from "jose";

const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
const verify = (jwt) => jwtVerify(jwt, keys, { issuer, audience, typ: "at+jwt" });
// end

const tokens = login();
const jwts = exchange(tokens);
for (const [dialect, jwt] of Object.entries(jwts)) {
    const { payload } = await verify(jwt);
    compare(payload, dialect);
}
seen("JWT");

const accepts = (jwt) =>
    verify(jwt).then(
        () => true,
        () => false,
    );
await seeLogout(tokens, accepts, jwts);
