//! Certificates of an authority's server: one that is right, and some that are not.

use std::fs;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::AuthorityFault;

const HOST: &str = "127.0.0.1";

/// The certificates, and the file with the authority that clients are to trust.
pub(super) struct Certificates {
    folder: TempDir,
    right: TlsAcceptor,
    expired: TlsAcceptor,
    foreign: TlsAcceptor,
    of_other_host: TlsAcceptor,
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

impl Certificates {
    pub(super) fn make() -> Result<Self> {
        let folder = TempDir::new()?;
        let issuer = issuer()?;
        fs::write(folder.path().join("ca.pem"), issuer.pem())?;
        let params = |host: &str| CertificateParams::new([host.to_owned()]).map_err(Error::other);
        let mut expired = params(HOST)?;
        expired.not_before = date_time_ymd(2020, 1, 1);
        expired.not_after = date_time_ymd(2021, 1, 1);
        Ok(Self {
            folder,
            right: acceptor(&params(HOST)?, &issuer)?,
            expired: acceptor(&expired, &issuer)?,
            foreign: acceptor(&params(HOST)?, &self::issuer()?)?,
            of_other_host: acceptor(&params("elsewhere.example")?, &issuer)?,
        })
    }

    /// Returns the file with the authority.
    pub(super) fn ca_file(&self) -> PathBuf {
        let folder: &Path = self.folder.path();
        folder.join("ca.pem")
    }

    /// Returns what accepts TLS while there is that fault.
    pub(super) fn acceptor(&self, fault: Option<AuthorityFault>) -> &TlsAcceptor {
        match fault {
            Some(AuthorityFault::ExpiredCertificate) => &self.expired,
            Some(AuthorityFault::ForeignCertificate) => &self.foreign,
            Some(AuthorityFault::WrongHostName) => &self.of_other_host,
            _ => &self.right,
        }
    }
}

fn issuer() -> Result<Issuer> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().map_err(Error::other)?;
    CertifiedIssuer::self_signed(params, key).map_err(Error::other)
}

fn acceptor(params: &CertificateParams, issuer: &Issuer) -> Result<TlsAcceptor> {
    let key = KeyPair::generate().map_err(Error::other)?;
    let certificate = params.signed_by(&key, issuer).map_err(Error::other)?;
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(Error::other)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
