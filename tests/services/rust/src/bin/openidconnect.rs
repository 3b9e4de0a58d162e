//! openidconnect: metadata of OpenID Connect, JWTs. To it, a JWT is an ID token for the audience.

use isogloss_services::{Result, exchange, http_client, login, see_logout, variable};
use openidconnect::core::{CoreClient, CoreIdToken, CoreProviderMetadata};
use openidconnect::{ClientId, IssuerUrl, Nonce};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let (issuer, audience) = (variable("ISSUER")?, variable("AUDIENCE")?);
    let http_client = http_client()?;
    // snippet: jwt
    let issuer = IssuerUrl::new(issuer)?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &http_client).await?;
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(audience), None);
    // Its default is `typ: JWT`, as ID tokens have it.
    let verifier = client.id_token_verifier().allow_all_jose_types();
    let user = |jwt: String| -> Result<String> {
        let token: CoreIdToken = jwt.parse()?;
        let claims = token.claims(&verifier, |_: Option<&Nonce>| Ok(()))?;
        Ok(claims.subject().to_string())
    };
    // end
    println!("seen: discovery");

    let tokens = login()?;
    let jwts = exchange(&tokens)?;
    for jwt in jwts.values() {
        let jwt = jwt.as_str().unwrap_or_default().to_owned();
        assert_eq!(user(jwt)?.len(), 36, "the identifier of the user");
    }
    println!("seen: JWT");

    see_logout(&tokens, &jwts, async |jwt| Ok(user(jwt).is_ok())).await
}
