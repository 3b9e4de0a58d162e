//! A certificate authority of a test, and what it signs, in files.

use std::fs;
use std::io::{Error, Result};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// A certificate authority that only one test knows.
#[derive(Debug)]
pub struct PrivateCa {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
#[derive(Debug, Clone)]
pub struct SignedFiles {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key, which only the owner can read.
    pub key: PathBuf,
}

impl PrivateCa {
    /// Creates an authority.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn new() -> Result<Self> {
        let folder = TempDir::new()?;
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name = &mut parameters.distinguished_name;
        name.push(DnType::CommonName, "authority of a test");
        let key = KeyPair::generate().map_err(Error::other)?;
        let certificate = parameters.self_signed(&key).map_err(Error::other)?;
        fs::write(folder.path().join("ca.pem"), certificate.pem())?;
        let issuer = Issuer::new(parameters, key);
        Ok(Self { folder, issuer })
    }

    /// Returns the file with the authority's certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Signs a certificate for these host names and IP addresses, and writes it into a folder.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn sign(&self, names: &[&str], folder: &Path) -> Result<SignedFiles> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let common_name = names.first().cloned().unwrap_or_default();
        let mut parameters = CertificateParams::new(names).map_err(Error::other)?;
        let name = &mut parameters.distinguished_name;
        name.push(DnType::CommonName, common_name);
        let key = KeyPair::generate().map_err(Error::other)?;
        let signed = parameters.signed_by(&key, &self.issuer);
        let files = SignedFiles {
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
        };
        fs::write(&files.certificate, signed.map_err(Error::other)?.pem())?;
        fs::write(&files.key, key.serialize_pem())?;
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600))?;
        Ok(files)
    }
}
