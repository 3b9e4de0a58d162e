//! The section `tracing`: where traces are sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;
use super::base_url::BaseUrl;

/// Where traces are sent: a span for each request, by OTLP over HTTP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tracing {
    /// The collector, such as `http://127.0.0.1:4318`; without it, no traces are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<String>,
    /// The name of this gateway in traces.
    pub service_name: String,
    /// The share of traces that are sent, from 0 to 1, of those that start at this gateway.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sample_ratio: f64,
}

impl Default for Tracing {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            service_name: "isogloss".to_owned(),
            sample_ratio: 1.0,
        }
    }
}

impl Tracing {
    /// Returns the URL of the collector, or `None` if traces are not sent. Fails if it is not a URL.
    pub(crate) fn collector(&self) -> Result<Option<BaseUrl>, ConfigError> {
        let endpoint = self.otlp_endpoint.as_deref();
        endpoint.map(str::parse).transpose().map_err(|_| {
            let expected = "expected an address like http://127.0.0.1:4318";
            ConfigError::new("tracing.otlp_endpoint", expected)
        })
    }

    /// Fails if the service name is blank, or the collector is not a URL.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.service_name.trim().is_empty() {
            let expected = "expected a name that is not empty";
            return Err(ConfigError::new("tracing.service_name", expected));
        }
        self.collector().map(drop)
    }
}
