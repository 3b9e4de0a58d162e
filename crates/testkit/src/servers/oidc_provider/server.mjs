// An OpenID provider on loopback, made with the library oidc-provider. The library leaves the password grant to its user,
// as its documentation shows; metadata, keys, ID tokens, userinfo and the authentication of clients are its own.
//
//   node server.mjs PORT KEY CERTIFICATE
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Provider } from 'oidc-provider';

const [port, key, certificate] = process.argv.slice(2);
const issuer = `https://127.0.0.1:${port}`;
const users = new Map([
    ['kim', {
        sub: 'a7c1', password: 'right', preferred_username: 'kim', email: 'kim@example.com', given_name: 'Kim',
        family_name: 'Doe', locale: 'de-AT', roles: ['linguists', 'staff'],
    }],
]);
const claimsOf = ({ password, ...claims }) => claims;
const client = (client_id, more) => ({
    client_id, client_secret: 'secret of the client', redirect_uris: [], response_types: [], grant_types: ['password'],
    ...more,
});
const signing = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

const provider = new Provider(issuer, {
    clients: [
        client('basic'),
        // Its ID tokens have only what an ID token must have.
        client('short'),
        client('without-grant', { grant_types: ['client_credentials'] }),
    ],
    jwks: { keys: [{ ...signing.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' }] },
    cookies: { keys: ['not used'] },
    claims: {
        openid: ['sub'], profile: ['preferred_username', 'given_name', 'family_name', 'locale', 'roles'], email: ['email'],
    },
    features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
    async findAccount(ctx, sub) {
        const user = [...users.values()].find((user) => user.sub === sub);
        return user && { accountId: sub, claims: () => claimsOf(user) };
    },
});

async function grantForPassword(ctx) {
    const { AccessToken, Grant, IdToken } = provider;
    const { username, password, scope } = ctx.oidc.params;
    const user = users.get(username);
    if (!user || user.password !== password) {
        ctx.status = 400;
        ctx.body = { error: 'invalid_grant', error_description: 'invalid credentials provided' };
        return;
    }
    const { client } = ctx.oidc;
    const grant = new Grant({ accountId: user.sub, clientId: client.clientId });
    grant.addOIDCScope(scope);
    const grantId = await grant.save();
    const accessToken = new AccessToken({ accountId: user.sub, client, grantId, gty: 'password', scope });
    const idToken = new IdToken(client.clientId === 'short' ? { sub: user.sub } : claimsOf(user), { ctx });
    idToken.scope = 'openid profile email';
    ctx.body = {
        access_token: await accessToken.save(),
        id_token: await idToken.issue({ use: 'idtoken' }),
        expires_in: accessToken.expiration,
        token_type: accessToken.tokenType,
        scope,
    };
}
provider.registerGrantType('password', grantForPassword, ['username', 'password', 'scope']);

provider.on('server_error', (ctx, error) => console.error(error));
const files = { key: readFileSync(key), cert: readFileSync(certificate) };
createServer(files, provider.callback()).listen(Number(port), '127.0.0.1');
