//! What an imported hash may cost at the most.
//!
//! A hash says itself how much work and memory it takes to check, and whoever brings a file of them
//! need not mean well. What is within all bounds takes a few seconds of one thread at the worst (about
//! as long as bcrypt at [`BCRYPT_COST`]), and [`MEMORY_KIB`] for that long.

/// A whole hash, in bytes. The longest that is made in earnest is half as long.
pub(super) const HASH_BYTES: usize = 512;

/// A password that is checked, in bytes. Some formats hash all of it in every round.
pub(super) const PASSWORD_BYTES: usize = 1024;

/// A salt, in bytes. Everybody's is 8 to 32.
pub(super) const SALT_BYTES: usize = 64;

/// What is compared in the end, in bytes: the length of the longest digest.
pub(super) const OUTPUT_BYTES: usize = 64;

/// Less than 80 bits can be met by chance, among many users and tries.
pub(super) const LEAST_OUTPUT_BYTES: usize = 10;

/// Bcrypt: some five seconds. Costs up to the configured one are taken, too.
pub(super) const BCRYPT_COST: u32 = 16;

/// Argon2 and scrypt: 256 MiB, libsodium's "moderate". Each hashing thread may need as much at once.
pub(super) const MEMORY_KIB: u64 = 256 * 1024;

/// Argon2: passes times memory, in KiB: one GiB is some two seconds.
pub(super) const ARGON2_WORK_KIB: u64 = 1024 * 1024;

/// Argon2: passes, of which the first few are what counts.
pub(super) const ARGON2_PASSES: u64 = 1024;

/// Argon2: lanes. They share the memory and are gone through one after the other.
pub(super) const ARGON2_LANES: u64 = 64;

/// Scrypt: its N, r and p multiplied: four times what OWASP asks for.
pub(super) const SCRYPT_WORK: u64 = 1 << 22;

/// Scrypt: r. Everybody's is 8.
pub(super) const SCRYPT_R: u64 = 64;

/// Scrypt: p. Django's is 5.
pub(super) const SCRYPT_P: u64 = 64;

/// PBKDF2: iterations for each block of its output. Django 6 makes 1,200,000.
pub(super) const PBKDF2_ITERATIONS: u64 = 4_000_000;

/// Sha-crypt: rounds. Passlib makes 656,000.
pub(super) const SHA_CRYPT_ROUNDS: u64 = 1_000_000;

/// Phpass and Drupal: the binary logarithm of the rounds. Drupal's is 15.
pub(super) const PHPASS_LOG2: u32 = 20;

/// With fewer rounds than that, a hash counts as weak.
pub(super) const STRONG_ROUNDS: u64 = 1000;

/// With less than that for argon2 and scrypt to go through, a hash counts as weak.
pub(super) const STRONG_WORK_KIB: u64 = 1024;
