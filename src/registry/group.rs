//! Groups: which references share a connection and uploads.
//!
//! Takes references, gives groups in the order in which they were named. In a
//! group the registry and the credentials are the same.

use super::credential_source::CredentialSource;
use super::credentials::Credentials;
use super::reference::{Reference, Repository};
use crate::Result;

/// References of one registry that are pushed as the same user.
pub(crate) struct Group {
    pub(crate) registry: String,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) repositories: Vec<(Repository, Vec<Reference>)>,
}

/// Groups references, in their order.
pub(crate) fn groups(references: &[Reference], source: &CredentialSource) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for reference in references {
        let repository = reference.repository();
        let known = groups.iter_mut().flat_map(|group| &mut group.repositories);
        if let Some((_, tags)) = known.into_iter().find(|(known, _)| known == repository) {
            if !tags.contains(reference) {
                tags.push(reference.clone());
            }
            continue;
        }
        let credentials = source.find(repository)?;
        let place = (repository.clone(), vec![reference.clone()]);
        let same = |group: &&mut Group| {
            group.registry == repository.registry()
                && Credentials::same(group.credentials.as_ref(), credentials.as_ref())
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.repositories.push(place),
            None => groups.push(Group {
                registry: repository.registry().to_owned(),
                credentials,
                repositories: vec![place],
            }),
        }
    }
    Ok(groups)
}
