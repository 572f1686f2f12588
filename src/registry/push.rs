//! The push: all blobs of all repositories, then the manifests.
//!
//! Takes payload, references and options. Each registry is asked for all
//! blobs at once, is sent what it lacks, and gets the manifests last. A second
//! repository of a registry takes its blobs from the first.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::auth::{Authorizer, Scopes};
use super::client::Client;
use super::connection::Connection;
use super::discovery;
use super::failure::Failure;
use super::group::{Group, groups};
use super::payload::{ManifestText, Payload};
use super::push_options::PushOptions;
use super::reference::{Reference, Repository, api_host};
use super::report::{Action, BlobReport, Event, Observer, Report, RepositoryReport};
use super::retry::Retry;
use super::transport::Transport;
use super::upload::{Sources, Upload};
use crate::{Blob, Descriptor, Error, Result};

/// Questions that are asked at the same time.
const QUESTIONS: usize = 32;

/// Pushes payload to all references, and tells an observer about it.
///
/// # Errors
/// When credentials or authorities cannot be read, a blob cannot be made, or a
/// registry refuses something for good. What was sent by then stays there.
pub fn push(
    payload: &Payload,
    references: &[Reference],
    options: &PushOptions,
    observer: &Arc<dyn Observer>,
) -> Result<Report> {
    let begun = Instant::now();
    let groups = groups(references, &options.credentials)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::io("start", &PathBuf::from("the network")))?;
    let mut repositories = Vec::new();
    runtime.block_on(async {
        for group in &groups {
            let push = Push {
                payload,
                group,
                options,
                observer,
                successes: Cell::new(0),
            };
            repositories.extend(push.run().await?);
        }
        Ok::<_, Error>(())
    })?;
    Ok(Report {
        digest: payload.digest(),
        dry_run: options.dry_run,
        repositories,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// A push to one registry.
struct Push<'a> {
    payload: &'a Payload,
    group: &'a Group,
    options: &'a PushOptions,
    observer: &'a Arc<dyn Observer>,
    /// How many operations succeeded.
    successes: Cell<u64>,
}

impl Push<'_> {
    async fn run(&self) -> Result<Vec<RepositoryReport>> {
        let of_registry = |source: &&Repository| source.registry() == self.group.registry;
        let likely = self.options.mount_from.iter().filter(of_registry);
        let likely: Vec<_> = likely.cloned().collect();
        let client = self.connect(&likely).await?;
        let denied = Cell::new(client.is_denied_mounts().await);
        let mut reports: Vec<RepositoryReport> = Vec::new();
        for (repository, references) in &self.group.repositories {
            let others: Vec<_> = likely
                .iter()
                .filter(|other| *other != repository)
                .cloned()
                .collect();
            let sources = Sources {
                sure: reports.first().map(|report| &report.repository),
                likely: &others,
                denied: &denied,
            };
            let blobs = self.fill(&client, repository, sources).await?;
            if !self.options.dry_run {
                self.name(&client, repository, references).await?;
            }
            let references = references.clone();
            reports.push(RepositoryReport {
                repository: repository.clone(),
                blobs,
                references,
            });
        }
        Ok(reports)
    }

    /// Finds the registry, and lets it know who we are.
    async fn connect(&self, mount_from: &[Repository]) -> Result<Client> {
        let repositories = self
            .group
            .repositories
            .iter()
            .map(|(repository, _)| repository);
        let scopes = Scopes {
            needed: repositories
                .map(|it| format!("repository:{}:pull,push", it.path()))
                .collect(),
            wished: mount_from
                .iter()
                .map(|it| format!("repository:{}:pull", it.path()))
                .collect(),
        };
        let (registry, timeout) = (&self.group.registry, self.options.timeout);
        let transport = Transport::new(api_host(registry), &self.options.tls)?;
        let authorizer = Authorizer::new(self.group.credentials.clone(), scopes, timeout);
        let what = "the question for the registry";
        let notice = self.notice(what);
        let retry = self.retry(&notice);
        let connected = async {
            let (address, challenge) = retry
                .run(async |_| discovery::find(&transport, timeout).await)
                .await?;
            let connection = Connection::new(address, transport, authorizer, timeout);
            retry
                .run(async |_| connection.introduce(challenge.clone()).await)
                .await?;
            Ok(Client::new(connection))
        };
        connected.await.map_err(failed("the image", registry))
    }

    /// Brings all blobs into a repository.
    async fn fill(
        &self,
        client: &Client,
        repository: &Repository,
        sources: Sources<'_>,
    ) -> Result<Vec<BlobReport>> {
        let blobs = &self.payload.blobs;
        let questions = blobs
            .iter()
            .map(|(blob, _)| self.ask(client, repository, blob));
        let there: Vec<bool> = stream::iter(questions)
            .buffered(QUESTIONS)
            .try_collect()
            .await?;
        let mut missing: Vec<usize> = (0..blobs.len()).filter(|index| !there[*index]).collect();
        let lacks: Vec<_> = missing.iter().map(|index| &blobs[*index].0).collect();
        self.observer.notice(&Event::Checked {
            repository,
            missing: &lacks,
            of: blobs.len(),
        });
        let mut reports: Vec<BlobReport> = blobs
            .iter()
            .map(|(blob, _)| BlobReport::exists(blob))
            .collect();
        // The largest first, so that none of them is left for the end.
        missing.sort_by_key(|index| std::cmp::Reverse(blobs[*index].0.size));
        let place = |index: usize| async move {
            let (descriptor, blob) = &self.payload.blobs[index];
            let report = self
                .place(client, repository, sources, descriptor, blob)
                .await?;
            Ok::<_, Error>((index, report))
        };
        let mut placed = stream::iter(missing.into_iter().map(place))
            .buffer_unordered(self.options.parallel.max(1));
        for (index, _) in there.iter().enumerate().filter(|(_, there)| **there) {
            self.observer.notice(&Event::Placed {
                repository,
                blob: &reports[index],
            });
        }
        while let Some((index, report)) = placed.try_next().await? {
            self.observer.notice(&Event::Placed {
                repository,
                blob: &report,
            });
            reports[index] = report;
        }
        Ok(reports)
    }

    async fn ask(
        &self,
        client: &Client,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<bool> {
        let what = format!("the question for {}", name_of(blob));
        let notice = self.notice(&what);
        let retry = self.retry(&notice);
        let path = repository.path();
        let asked = retry.run(async |_| client.has_blob(path, &blob.digest, blob.size).await);
        asked.await.map_err(failed(&name_of(blob), repository))
    }

    async fn place(
        &self,
        client: &Client,
        repository: &Repository,
        sources: Sources<'_>,
        descriptor: &Descriptor,
        blob: &Blob,
    ) -> Result<BlobReport> {
        let begun = Instant::now();
        let what = name_of(descriptor);
        let action = if self.options.dry_run {
            match sources.having(client, descriptor).await {
                Some(_) => Action::Mounted,
                None => Action::Uploaded,
            }
        } else {
            let notice = self.notice(&what);
            let retry = self.retry(&notice);
            let upload = Upload {
                client,
                repository,
                sources,
                observer: self.observer,
                retry,
            };
            upload
                .place(descriptor, blob)
                .await
                .map_err(failed(&what, repository))?
        };
        let seconds = begun.elapsed().as_secs_f64();
        Ok(BlobReport {
            blob: descriptor.clone(),
            action,
            seconds,
        })
    }

    /// Sends the manifests: the last one under each tag.
    async fn name(
        &self,
        client: &Client,
        repository: &Repository,
        references: &[Reference],
    ) -> Result<()> {
        for manifest in &self.payload.inner {
            let digest = manifest.descriptor.digest.to_string();
            let sent = self
                .send_manifest(client, repository, &digest, manifest)
                .await;
            sent.map_err(failed(&format!("manifest {digest}"), repository))?;
        }
        for reference in references {
            let sent = self.send_manifest(client, repository, reference.tag(), &self.payload.top);
            sent.await.map_err(failed("the manifest", reference))?;
            self.observer.notice(&Event::Tagged { reference });
        }
        Ok(())
    }

    async fn send_manifest(
        &self,
        client: &Client,
        repository: &Repository,
        name: &str,
        manifest: &ManifestText,
    ) -> Result<(), Failure> {
        let notice = self.notice("the manifest");
        let ManifestText { descriptor, text } = manifest;
        let path = repository.path();
        let send = async |_| client.put_manifest(path, name, descriptor, text).await;
        self.retry(&notice).run(send).await
    }

    /// Tells the observer why something is tried again.
    fn notice<'b>(&'b self, what: &'b str) -> impl Fn(&Failure, Duration) + 'b {
        move |failure, wait| {
            self.observer.notice(&Event::Retry {
                what,
                failure,
                wait,
            })
        }
    }

    fn retry<'b>(&'b self, notice: &'b dyn Fn(&Failure, Duration)) -> Retry<'b> {
        Retry {
            retries: self.options.retries,
            successes: &self.successes,
            notice,
        }
    }
}

/// What a message calls a blob.
fn name_of(blob: &Descriptor) -> String {
    match blob.media_type.contains(".config.") {
        true => format!("the config {}", blob.digest),
        false => format!("layer {}", blob.digest),
    }
}

fn failed(what: &str, to: impl ToString) -> impl FnOnce(Failure) -> Error {
    let (what, to) = (what.to_owned(), to.to_string());
    move |failure| match failure {
        // The blob's own error names it already.
        Failure::Blob(error) => *error,
        failure => Error::Push {
            what,
            to,
            source: Box::new(failure),
        },
    }
}
