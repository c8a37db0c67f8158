//! A pod in JSON, as far as it names Secrets.

use serde::Deserialize;

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
    volumes: Option<Vec<Volume>>,
    containers: Option<Vec<Container>>,
    init_containers: Option<Vec<Container>>,
    ephemeral_containers: Option<Vec<Container>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Volume {
    secret: Option<Named>,
    azure_file: Option<Named>,
    projected: Option<Projected>,
    cephfs: Option<Referring>,
    cinder: Option<Referring>,
    flex_volume: Option<Referring>,
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
    sources: Option<Vec<Projection>>,
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
#[serde(default)]
struct Reference {
    name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    env: Option<Vec<Variable>>,
    env_from: Option<Vec<Referring>>,
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
        let volumes = spec.volumes.into_iter().flatten();
        let containers = [
            spec.containers,
            spec.init_containers,
            spec.ephemeral_containers,
        ];
        let containers = containers.into_iter().flatten().flatten();
        let names = volumes
            .flat_map(Volume::secrets)
            .chain(containers.flat_map(Container::secrets));
        Self {
            metadata: document.metadata,
            secrets: names.filter(|name| !name.is_empty()).collect(),
        }
    }
}

impl Volume {
    fn secrets(self) -> impl Iterator<Item = String> {
        let named = [self.secret, self.azure_file].into_iter().flatten();
        let referring = [
            self.cephfs,
            self.cinder,
            self.flex_volume,
            self.rbd,
            self.scale_io,
            self.iscsi,
            self.storageos,
            self.csi,
        ];
        let projected = self.projected.and_then(|projected| projected.sources);
        let projected = projected.into_iter().flatten();
        named
            .filter_map(|volume| volume.secret_name)
            .chain(referring.into_iter().flatten().filter_map(Referring::name))
            .chain(projected.filter_map(|source| source.secret?.name))
    }
}

impl Referring {
    fn name(self) -> Option<String> {
        self.secret_ref.or(self.node_publish_secret_ref)?.name
    }
}

impl Container {
    fn secrets(self) -> impl Iterator<Item = String> {
        let variables = self.env.into_iter().flatten();
        let sources = self.env_from.into_iter().flatten();
        variables
            .filter_map(|variable| variable.value_from?.secret_key_ref?.name)
            .chain(sources.filter_map(Referring::name))
    }
}
