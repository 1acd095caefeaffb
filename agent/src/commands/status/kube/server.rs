//! The API server: how it is found, and what it has.

use std::{fmt::Debug, path::Path, time::Duration};

use kube::{
    Api, Client, Config, Resource,
    api::ListParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde::de::DeserializeOwned;

use super::{
    error::ClusterError,
    object::{Object, Reported},
};

/// How many objects are asked for at once, as kubectl does: more would keep the API server busy for long.
const PAGE_OBJECTS: u32 = 500;

/// The most pages of a list: a hundred times the largest clusters. A server that goes on for ever is none.
const PAGES_MAX: usize = 2000;

/// How long a page may take: an API server under load answers within seconds, or not at all.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(20);

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// An API server.
#[derive(Clone)]
pub(super) struct Server {
    client: Client,
    /// How people call it.
    pub(super) url: String,
}

/// A list, and which version of it.
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    pub(super) version: String,
}

// === impl Server ===

impl Server {
    /// Finds it as kubectl does: the file or `KUBECONFIG`, `~/.kube/config`, the pod's own account.
    pub(super) async fn find(file: Option<&Path>, context: Option<&str>) -> Result<Self, ClusterError> {
        let options =
            KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
        let config = match file {
            Some(file) => match Kubeconfig::read_from(file) {
                Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &options).await,
                Err(error) => Err(error),
            },
            None => Config::from_kubeconfig(&options).await,
        };
        let mut config = match config {
            Ok(config) => config,
            Err(error) => match ClusterError::no_kubeconfig(&error) {
                // Only who says nothing else means the cluster around.
                Some(nothing) if file.is_none() && context.is_none() => {
                    Config::incluster().map_err(|_no_pod| nothing)?
                }
                Some(_) | None => return Err(ClusterError::kubeconfig(&error)),
            },
        };
        config.connect_timeout = Some(CONNECT_MAX);
        let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let client = Client::try_from(config).map_err(|error| ClusterError::kubeconfig(&error))?;
        Ok(Self { client, url })
    }

    /// The objects with this status.
    pub(super) fn objects<S: Reported>(&self) -> Api<Object<S>> {
        Api::all(self.client.clone())
    }

    /// The objects of the kind `K`, as they are.
    pub(super) fn raw<K: Resource<DynamicType = ()>>(&self) -> Api<kube::core::DynamicObject> {
        Api::all_with(self.client.clone(), &kube::core::ApiResource::erase::<K>(&()))
    }

    /// Lists all that `labels` select, page by page, and keeps of each object what `keep` makes of it.
    pub(super) async fn list<K, T>(
        &self,
        api: &Api<K>,
        labels: Option<&str>,
        keep: impl Fn(K) -> T + Copy,
    ) -> Result<Listed<T>, ClusterError>
    where
        K: Resource + Clone + Debug + DeserializeOwned,
    {
        match self.pages(api, labels, keep).await {
            // The list changed too much between two pages.
            Err(ClusterError::Expired) => self.pages(api, labels, keep).await,
            result => result,
        }
    }

    async fn pages<K, T>(
        &self,
        api: &Api<K>,
        labels: Option<&str>,
        keep: impl Fn(K) -> T,
    ) -> Result<Listed<T>, ClusterError>
    where
        K: Resource + Clone + Debug + DeserializeOwned,
    {
        let mut params = match labels {
            // From the API server's memory, all at once, a moment old at worst: etcd knows no labels, and a page
            // of a few objects out of thousands would read them all, for half a minute.
            Some(labels) => ListParams::default().labels(labels).match_any(),
            None => ListParams::default().limit(PAGE_OBJECTS),
        };
        let mut items = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.answer(api.list(&params)).await?;
            items.extend(page.items.into_iter().map(&keep));
            params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if params.continue_token.is_none() {
                return Ok(Listed { items, version: page.metadata.resource_version.unwrap_or_default() });
            }
        }
        Err(ClusterError::Refused { url: self.url.clone(), why: "a list without an end".to_owned() })
    }

    /// Waits for an answer, as long as one may take.
    pub(super) async fn answer<T>(
        &self,
        answer: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, ClusterError> {
        match tokio::time::timeout(ANSWER_MAX, answer).await {
            Ok(result) => result.map_err(|error| ClusterError::answer(&self.url, error)),
            Err(_) => Err(ClusterError::TimedOut { url: self.url.clone(), after: ANSWER_MAX }),
        }
    }
}
