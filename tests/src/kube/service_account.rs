//! Service accounts, as a pod has them.

use serde_json::Value;

use super::{ApiServer, Kubeconfig, kubeconfig::Proof};
use crate::lab::LabError;

/// An hour, as a pod's tokens are; in seconds.
const REQUEST: &str = r#"{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}"#;

impl ApiServer {
    /// Returns a kubeconfig with a token of the service account `name`, from the server's `TokenRequest` API.
    ///
    /// Namespace and account are made if they are missing; it has no rights but what manifests give it.
    pub fn service_account(&self, namespace: &str, name: &str) -> Result<Kubeconfig, LabError> {
        let token = self.token(namespace, name)?;
        let user = format!("system:serviceaccount:{namespace}:{name}");
        self.kubeconfig(&user, &Proof::Token(token))
    }

    /// Returns a token of that service account, as the kubelet puts it into its pods.
    pub fn token(&self, namespace: &str, name: &str) -> Result<String, LabError> {
        self.make_sure(&["namespace", namespace])?;
        self.make_sure(&["serviceaccount", name, "--namespace", namespace])?;
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let text =
            self.command(None, self.admin(), ["create", "--raw", &path, "-f", "-"]).stdin(REQUEST).run()?;
        let answer: Value = serde_json::from_str(&text).map_err(|source| LabError::Unreadable {
            command: path.clone(),
            text: text.clone(),
            source,
        })?;
        let token = answer.pointer("/status/token").and_then(Value::as_str).map(str::to_owned);
        token.ok_or_else(|| LabError::Topology(format!("no token in the answer of {path}")))
    }

    /// Creates what `words` name, unless it is there.
    fn make_sure(&self, words: &[&str]) -> Result<(), LabError> {
        if self.kubectl_as(self.admin(), ["get"].iter().chain(words))?.success() {
            return Ok(());
        }
        self.kubectl(["create"].iter().chain(words)).map(drop)
    }
}
