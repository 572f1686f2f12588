//! Trying again: how often, and how long to wait before.
//!
//! The wait doubles with each attempt and is drawn at random below that, so
//! that many pushes that failed together do not come back together. When the
//! registry says how long to wait (`Retry-After`), that is waited before. A
//! registry that limits how often it is asked is asked less and less often,
//! for as long as others of its push come through.

use std::cell::Cell;
use std::time::Duration;

use super::failure::Failure;
use super::retry_after::LONGEST_ASKED;

/// The bound of the first wait.
const FIRST: Duration = Duration::from_millis(400);
/// The bound that no wait exceeds by itself.
const LONGEST: Duration = Duration::from_secs(20);

/// How often something is tried again at once because what was wrong is known
/// and settled, such as a token that ended.
const SETTLED: u32 = 3;

/// How often to try again, and who is told.
pub(crate) struct Retry<'a> {
    /// The largest number of attempts after the first.
    pub(crate) retries: u32,
    /// How many operations of the push succeeded so far.
    pub(crate) successes: &'a Cell<u64>,
    /// Is told before each wait: why, and how long it will be.
    pub(crate) notice: &'a dyn Fn(&Failure, Duration),
}

impl Retry<'_> {
    /// Runs an operation until it succeeds, fails for good, or was tried often
    /// enough. The operation is told how many attempts were before.
    pub(crate) async fn run<T>(
        &self,
        mut operation: impl AsyncFnMut(u32) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut attempt = 0;
        let mut limited = 0;
        let mut settled = 0;
        let mut successes = self.successes.get();
        loop {
            let failure = match operation(attempt + limited + settled).await {
                Ok(done) => {
                    self.successes.update(|count| count + 1);
                    return Ok(done);
                }
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
            let wait = asked + random_below(bound(attempt + limited));
            (self.notice)(&failure, wait);
            tokio::time::sleep(wait).await;
            let before = std::mem::replace(&mut successes, self.successes.get());
            match failure.is_about_the_pace() && before != successes {
                true => limited += 1,
                false => attempt += 1,
            }
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

    /// Runs an operation that a registry limits, with all waits skipped; gives
    /// how often it was tried. `others` succeed before each attempt.
    fn attempts(others: impl Fn(u32, &Cell<u64>)) -> u32 {
        let successes = Cell::new(0);
        let retry = Retry {
            retries: 2,
            successes: &successes,
            notice: &|_, _| {},
        };
        let tried = Cell::new(0);
        let operation = async |attempt| {
            assert_eq!(attempt, tried.get());
            tried.update(|count| count + 1);
            others(attempt, &successes);
            match attempt < 20 {
                true => Err(Failure::Status {
                    host: "host".to_owned(),
                    status: reqwest::StatusCode::TOO_MANY_REQUESTS,
                    errors: Vec::new(),
                    after: Some(Duration::from_secs(1)),
                }),
                false => Ok(()),
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        let outcome = runtime.unwrap().block_on(retry.run(operation));
        assert_eq!(outcome.is_ok(), tried.get() == 21);
        tried.get()
    }

    #[test]
    fn a_limit_is_waited_for_while_others_come_through() {
        let more = |successes: &Cell<u64>| successes.update(|count| count + 1);
        assert_eq!(attempts(|_, _| {}), 3);
        assert_eq!(attempts(|_, successes| more(successes)), 21);
        let at_first = |attempt, successes: &Cell<u64>| {
            if attempt < 5 {
                more(successes);
            }
        };
        assert_eq!(attempts(at_first), 8);
    }

    #[test]
    fn waits_grow_to_a_bound() {
        assert_eq!(bound(0), FIRST);
        assert_eq!(bound(2), FIRST * 4);
        assert_eq!(bound(200), LONGEST);
        let wait = random_below(LONGEST);
        assert!(wait <= LONGEST && wait >= LONGEST / 2);
    }
}
