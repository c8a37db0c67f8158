//! A pod in JSON, as far as it names Secrets.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::account::Reference;
use super::{Metadata, Pod};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Document {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    volumes: Gathered<Volume>,
    containers: Gathered<Container>,
    init_containers: Gathered<Container>,
    ephemeral_containers: Gathered<Container>,
}

/// Something that names Secrets.
trait Naming {
    fn name_into(self, names: &mut BTreeSet<String>);
}

/// What the members of a list name. They are let go one after the other: an empty one takes three bytes in JSON, and a hundred
/// times as much in memory.
struct Gathered<T> {
    names: BTreeSet<String>,
    of: PhantomData<T>,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self {
            names: BTreeSet::new(),
            of: PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de> + Naming> Deserialize<'de> for Gathered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self::default())
    }
}

impl<'de, T: Deserialize<'de> + Naming> Visitor<'de> for Gathered<T> {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(member) = list.next_element::<T>()? {
            member.name_into(&mut self.names);
        }
        Ok(self)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Volume {
    secret: Option<Named>,
    azure_file: Option<Named>,
    projected: Option<Projected>,
    cephfs: Option<Referring>,
    cinder: Option<Referring>,
    #[serde(rename = "flexVolume")]
    flex: Option<Referring>,
    rbd: Option<Referring>,
    #[serde(rename = "scaleIO")]
    scale_io: Option<Referring>,
    iscsi: Option<Referring>,
    storageos: Option<Referring>,
    csi: Option<Referring>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    secret_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Projected {
    sources: Gathered<Projection>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Projection {
    secret: Option<Reference>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Referring {
    secret_ref: Option<Reference>,
    node_publish_secret_ref: Option<Reference>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    env: Gathered<Variable>,
    env_from: Gathered<Referring>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Variable {
    value_from: Option<ValueFrom>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ValueFrom {
    secret_key_ref: Option<Reference>,
}

impl From<Document> for Pod {
    fn from(document: Document) -> Self {
        let spec = document.spec;
        let mut secrets = spec.volumes.names;
        for containers in [
            spec.containers,
            spec.init_containers,
            spec.ephemeral_containers,
        ] {
            secrets.extend(containers.names);
        }
        secrets.remove("");
        Self {
            metadata: document.metadata,
            secrets,
        }
    }
}

impl Naming for Volume {
    fn name_into(self, names: &mut BTreeSet<String>) {
        let volumes = [self.secret, self.azure_file].into_iter().flatten();
        names.extend(volumes.filter_map(|volume| volume.secret_name));
        let referring = [
            self.cephfs,
            self.cinder,
            self.flex,
            self.rbd,
            self.scale_io,
            self.iscsi,
            self.storageos,
            self.csi,
        ];
        for volume in referring.into_iter().flatten() {
            volume.name_into(names);
        }
        names.extend(self.projected.into_iter().flat_map(|it| it.sources.names));
    }
}

impl Naming for Projection {
    fn name_into(self, names: &mut BTreeSet<String>) {
        names.extend(self.secret.and_then(|secret| secret.name));
    }
}

impl Naming for Referring {
    fn name_into(self, names: &mut BTreeSet<String>) {
        let reference = self.secret_ref.or(self.node_publish_secret_ref);
        names.extend(reference.and_then(|reference| reference.name));
    }
}

impl Naming for Container {
    fn name_into(self, names: &mut BTreeSet<String>) {
        names.extend(self.env.names);
        names.extend(self.env_from.names);
    }
}

impl Naming for Variable {
    fn name_into(self, names: &mut BTreeSet<String>) {
        let reference = self.value_from.and_then(|source| source.secret_key_ref);
        names.extend(reference.and_then(|reference| reference.name));
    }
}
