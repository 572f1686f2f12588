//! Work on several things at the same time, on a number of threads.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What a function makes of each item, in the order of the items. The calling
/// thread is one of the jobs, of which 0 counts as 1.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    each: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) => done.push((index, each(item))),
                None => return done,
            }
        }
    };
    all(jobs.min(items.len()), work)
}

/// What so many threads make, each by this function, in the order of the
/// numbers that they give. The calling thread is one of them.
pub(crate) fn all<R: Send>(threads: usize, work: impl Fn() -> Vec<(usize, R)> + Sync) -> Vec<R> {
    let mut results = thread::scope(|scope| {
        // What a thread that cannot be had would do, the others do.
        let helper = |_| thread::Builder::new().spawn_scoped(scope, &work).ok();
        let helpers: Vec<_> = (1..threads).map_while(helper).collect();
        let mut results = work();
        for helper in helpers {
            results.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<_> = (0..100).collect();
        let want: Vec<_> = items.iter().map(|item| item * 2).collect();
        for jobs in [0, 1, 3, 200] {
            assert_eq!(map(&items, jobs, |item| item * 2), want, "{jobs} jobs");
        }
        assert!(map(&[], 4, |item: &u8| *item).is_empty());
    }
}
