// jsonwebtoken, with the keys of jwks-rsa: JWTs.

import { promisify } from "node:util";
import { audience, compare, exchange, issuer, login, seeLogout, seen } from "./gateway.mjs";

// snippet: jwt
import jsonwebtoken from "jsonwebtoken";
import jwksRsa from "jwks-rsa";

const client = jwksRsa({ jwksUri: `${issuer}/.well-known/jwks.json` });
const key = (header, done) => client.getSigningKey(header.kid, (error, key) => done(error, key?.getPublicKey()));
const verify = (jwt, done) => jsonwebtoken.verify(jwt, key, { issuer, audience }, done);
// end

const tokens = login();
const jwts = exchange(tokens);
for (const [dialect, jwt] of Object.entries(jwts)) {
    compare(await promisify(verify)(jwt), dialect);
}
seen("JWT");

const accepts = (jwt) =>
    promisify(verify)(jwt).then(
        () => true,
        () => false,
    );
await seeLogout(tokens, accepts, jwts);
