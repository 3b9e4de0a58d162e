// oauth4webapi: metadata of RFC 8414, introspection, JWTs of RFC 9068, exchange. Its HTTP Basic is form-encoded.

import { audience, compare, issuer, key, login, seeLogout, seen } from "./gateway.mjs";

// snippet: introspection
import * as oauth from "oauth4webapi";

const url = new URL(issuer);
const server = await oauth
    .discoveryRequest(url, { algorithm: "oauth2" })
    .then((response) => oauth.processDiscoveryResponse(url, response));
const client = { client_id: "archive" };
const introspect = (token) =>
    oauth
        .introspectionRequest(server, client, oauth.ClientSecretBasic(key), token)
        .then((response) => oauth.processIntrospectionResponse(server, client, response));
// end
seen("discovery");

const tokens = login();
for (const [dialect, token] of Object.entries(tokens)) {
    compare(await introspect(token), dialect);
    seen(`introspection of ${dialect}`);
}

const exchange = await oauth.genericTokenEndpointRequest(
    server,
    client,
    oauth.ClientSecretBasic(key),
    "urn:ietf:params:oauth:grant-type:token-exchange",
    { subject_token: tokens.crmcom, subject_token_type: "urn:ietf:params:oauth:token-type:access_token" },
);
const { access_token } = await oauth.processGenericTokenEndpointResponse(server, client, exchange);
seen("exchange");

const request = new Request("https://archive.example.com/", {
    headers: { Authorization: `Bearer ${access_token}` },
});
// snippet: jwt
const claims = await oauth.validateJwtAccessToken(server, request, audience);
// end
compare(claims, "crmcom");
seen("JWT");

await seeLogout(tokens, async (token) => (await introspect(token)).active);
