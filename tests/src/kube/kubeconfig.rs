//! Who one is for the server.

use std::path::{Path, PathBuf};

use super::authority::Certificate;
use crate::lab::{LabError, Node, exec::Exec};

/// Where they are kept on the server's machine.
const FOLDER: &str = "/srv/kube/users";

/// A kubeconfig: where the server is, whom it belongs to, and what proves it.
#[derive(Clone, Debug)]
pub struct Kubeconfig {
    user: String,
    text: String,
    path: PathBuf,
}

/// What proves who one is.
#[derive(Debug)]
pub(super) enum Proof {
    Certificate(Certificate),
    Token(String),
}

impl Kubeconfig {
    /// Writes the kubeconfig of `user`; it goes with the server's machine.
    pub(super) fn write(
        machine: &Node,
        url: &str,
        authority: &str,
        user: &str,
        proof: &Proof,
    ) -> Result<Self, LabError> {
        let proof = match proof {
            Proof::Token(token) => format!("token: {token}"),
            Proof::Certificate(Certificate { certificate, key }) => format!(
                "client-certificate-data: {}\n    client-key-data: {}",
                base64(certificate)?,
                base64(key)?
            ),
        };
        let text = format!(
            "\
apiVersion: v1
kind: Config
current-context: lab
contexts:
- name: lab
  context: {{cluster: lab, user: \"{user}\"}}
clusters:
- name: lab
  cluster:
    server: {url}
    certificate-authority-data: {}
users:
- name: \"{user}\"
  user:
    {proof}
",
            base64(authority)?
        );
        let inside = format!("{FOLDER}/{}", user.replace('/', "_"));
        machine.write_file(&inside, &text)?;
        Ok(Self { user: user.to_owned(), text, path: machine.path_from_outside(&inside) })
    }

    /// Returns the user's name, as the server knows it (`system:serviceaccount:<namespace>:<name>`).
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the text, to be written into a node; it holds keys.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the file on this machine, as long as the server lives.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn base64(text: &str) -> Result<String, LabError> {
    Exec::new(["openssl", "base64", "-A"]).stdin(text).run()
}
