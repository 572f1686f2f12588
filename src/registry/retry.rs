//! Trying again: how often, and how long to wait before.
//!
//! The wait doubles with each attempt and is drawn at random below that, so
//! that many pushes that failed together do not come back together. When the
//! registry says how long to wait (`Retry-After`), that is waited before.

use std::time::Duration;

use super::failure::Failure;

/// The bound of the first wait.
const FIRST: Duration = Duration::from_millis(400);
/// The bound that no wait exceeds by itself.
const LONGEST: Duration = Duration::from_secs(20);
/// The longest wait that a registry may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// How often something is tried again at once because what was wrong is known
/// and settled, such as a token that ended.
const SETTLED: u32 = 3;

/// How often to try again, and who is told.
pub(crate) struct Retry<'a> {
    /// The largest number of attempts after the first.
    pub(crate) retries: u32,
    /// Is told before each wait: why, and how long it will be.
    pub(crate) notice: &'a (dyn Fn(&Failure, Duration) + Send + Sync),
}

impl Retry<'_> {
    /// Runs an operation until it succeeds, fails for good, or was tried often
    /// enough. The operation is told how many attempts were before.
    pub(crate) async fn run<T>(
        &self,
        mut operation: impl AsyncFnMut(u32) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut attempt = 0;
        let mut settled = 0;
        loop {
            let failure = match operation(attempt + settled).await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if failure.is_settled() && settled < SETTLED {
                settled += 1;
                continue;
            }
            let asked = failure.after().unwrap_or_default();
            if attempt >= self.retries || !failure.is_transient() || asked > LONGEST_ASKED {
                return Err(failure);
            }
            let wait = asked + random_below(bound(attempt));
            (self.notice)(&failure, wait);
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }
}

/// The longest wait after an attempt with this number.
fn bound(attempt: u32) -> Duration {
    let factor = 2u32.saturating_pow(attempt);
    FIRST.saturating_mul(factor).min(LONGEST)
}

/// A random wait between half of the bound and the bound.
fn random_below(bound: Duration) -> Duration {
    bound.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound() {
        assert_eq!(bound(0), FIRST);
        assert_eq!(bound(2), FIRST * 4);
        assert_eq!(bound(200), LONGEST);
        let wait = random_below(LONGEST);
        assert!(wait <= LONGEST && wait >= LONGEST / 2);
    }
}
