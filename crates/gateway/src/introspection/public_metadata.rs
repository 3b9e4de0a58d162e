//! The metadata and the keys of JWTs on the public listener, where the issuer is.

use actix_web::dev::Service as _;
use actix_web::guard::fn_guard;
use actix_web::web::{Data, ServiceConfig, scope};

use super::IntrospectionApi;
use super::metadata;
use crate::config::MetadataPaths;
use crate::metrics::RequestMetrics;

/// The routes of the metadata on the public listener; none unless the operator has set that.
#[derive(Clone, Default)]
pub struct PublicMetadata(Option<(MetadataPaths, IntrospectionApi)>);

impl PublicMetadata {
    /// Returns the routes that the settings of the services' routes require.
    pub(crate) fn new(api: &IntrospectionApi) -> Self {
        let jwts = api.jwts.as_ref().filter(|_| api.metadata.is_public());
        let paths = jwts.and_then(|jwts| MetadataPaths::below(jwts.issuer()));
        Self(paths.map(|paths| (paths, api.clone())))
    }

    /// Adds the routes to `cfg`. They do not change when the configuration is reloaded.
    pub(crate) fn configure(&self, cfg: &mut ServiceConfig) {
        let Some((paths, api)) = self.0.clone() else {
            return;
        };
        let own = paths.clone();
        let is_own = fn_guard(move |context| {
            let path = context.head().uri.path();
            own.all().any(|own| own == path)
        });
        let requests = RequestMetrics::for_dialect("");
        let routes = scope("")
            .guard(is_own)
            .app_data(Data::new(api))
            .wrap_fn(move |request, service| {
                let timer = requests.start_timer(&request);
                let response = service.call(request);
                async move { timer.finish(response.await) }
            })
            .configure(|cfg| metadata::add_documents(&paths, cfg))
            .configure(|cfg| metadata::add_keys(&paths, cfg));
        cfg.service(routes);
    }
}
