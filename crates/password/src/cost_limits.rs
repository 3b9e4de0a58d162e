//! Upper limits on the cost of an imported hash.
//!
//! A hash states itself how much work and memory its check takes, and a file of hashes may be malicious. The
//! check of a hash within all limits takes a few seconds of one thread at worst (about as long as bcrypt at
//! [`BCRYPT_COST`]), and [`MEMORY_KIB`] for that time.

/// The length of a whole hash, in bytes. The longest in real use is half as long.
pub(super) const HASH_BYTES: usize = 512;

/// The length of a password that is checked, in bytes. Some formats hash all of it in every round.
pub(super) const PASSWORD_BYTES: usize = 1024;

/// The length of a salt, in bytes. The usual lengths are 8 to 32.
pub(super) const SALT_BYTES: usize = 64;

/// The length of the output that is compared, in bytes: that of the longest digest.
pub(super) const OUTPUT_BYTES: usize = 64;

/// The minimum length of the output, in bytes. Less than 80 bits can match by chance, among many users and
/// attempts.
pub(super) const LEAST_OUTPUT_BYTES: usize = 10;

/// Bcrypt: about five seconds. Costs up to the configured one are accepted, too.
pub(super) const BCRYPT_COST: u32 = 16;

/// Argon2 and scrypt: 256 MiB, libsodium's "moderate". Each hashing thread may need that much concurrently.
pub(super) const MEMORY_KIB: u64 = 256 * 1024;

/// Argon2: passes times memory, in KiB. One GiB takes about two seconds.
pub(super) const ARGON2_WORK_KIB: u64 = 1024 * 1024;

/// Argon2: passes, of which the first few are what matters.
pub(super) const ARGON2_PASSES: u64 = 1024;

/// Argon2: lanes. They share the memory and are computed one after the other.
pub(super) const ARGON2_LANES: u64 = 64;

/// Scrypt: its N, r and p multiplied. Four times what OWASP recommends.
pub(super) const SCRYPT_WORK: u64 = 1 << 22;

/// Scrypt: r. The usual value is 8.
pub(super) const SCRYPT_R: u64 = 64;

/// Scrypt: p. Django's is 5.
pub(super) const SCRYPT_P: u64 = 64;

/// PBKDF2: iterations for each block of its output. Django 6 uses 1,200,000.
pub(super) const PBKDF2_ITERATIONS: u64 = 4_000_000;

/// Sha-crypt: rounds. Passlib uses 656,000.
pub(super) const SHA_CRYPT_ROUNDS: u64 = 1_000_000;

/// Phpass and Drupal: the binary logarithm of the rounds. Drupal's is 15.
pub(super) const PHPASS_LOG2: u32 = 20;

/// A hash with fewer rounds counts as weak.
pub(super) const STRONG_ROUNDS: u64 = 1000;

/// An argon2 or scrypt hash with less work, in KiB of memory to go through, counts as weak.
pub(super) const STRONG_WORK_KIB: u64 = 1024;
