//! oauth2: introspection. Its HTTP Basic is form-encoded.

use isogloss_services::{Result, http_client, login, see_logout, variable};
use oauth2::basic::BasicClient;
use oauth2::{
    AccessToken, ClientId, ClientSecret, IntrospectionUrl, Scope, TokenIntrospectionResponse,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let (management, key) = (variable("MANAGEMENT")?, variable("SERVICE_KEY")?);
    let http_client = http_client()?;
    // snippet: introspection
    let client = BasicClient::new(ClientId::new("archive".to_owned()))
        .set_client_secret(ClientSecret::new(key))
        .set_introspection_url(IntrospectionUrl::new(format!("{management}/introspect"))?);
    let introspect = async |token: String| {
        let token = AccessToken::new(token);
        client.introspect(&token).request_async(&http_client).await
    };
    // end

    let tokens = login()?;
    for (dialect, token) in &tokens {
        let claims = introspect(token.as_str().unwrap_or_default().to_owned()).await?;
        assert!(claims.active());
        assert_eq!(claims.username(), Some("admin"));
        let scopes = ["read", "write", "admin"].map(|scope| Scope::new(scope.to_owned()));
        assert_eq!(claims.scopes(), Some(&scopes.to_vec()));
        println!("seen: introspection of {dialect}");
    }

    see_logout(&tokens, &tokens, async |token| {
        Ok(introspect(token).await?.active())
    })
    .await
}
