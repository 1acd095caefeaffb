//! kubectl, as somebody, from somewhere.

use std::ffi::OsStr;

use super::{ApiServer, Kubeconfig};
use crate::lab::{LabError, Node, Output, exec::Exec};

/// How long the server may take for an answer; kubectl itself is killed after 30 s.
const ANSWER_WITHIN: &str = "--request-timeout=20s";

impl ApiServer {
    /// Runs kubectl as the administrator, and returns what it printed; any exit code but 0 is an error.
    pub fn kubectl<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<String, LabError> {
        self.command(None, self.admin(), arguments).run()
    }

    /// Runs kubectl as `user` to its end, whatever its exit code.
    pub fn kubectl_as<S: AsRef<OsStr>>(
        &self,
        user: &Kubeconfig,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Output, LabError> {
        self.command(None, user, arguments).output()
    }

    /// Runs this machine's kubectl as `user` in the network of `node`, to its end, whatever its exit code.
    pub fn kubectl_from<S: AsRef<OsStr>>(
        &self,
        node: &Node,
        user: &Kubeconfig,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Output, LabError> {
        self.command(Some(node), user, arguments).output()
    }

    /// Applies `manifests` (YAML or JSON) as the administrator, and returns what kubectl printed.
    pub fn apply(&self, manifests: &str) -> Result<String, LabError> {
        self.command(None, self.admin(), ["apply", "-f", "-"]).stdin(manifests).run()
    }

    /// Runs kubectl as `user`, who gives it `input` (`-f -`), to its end, whatever its exit code.
    pub fn kubectl_with<S: AsRef<OsStr>>(
        &self,
        user: &Kubeconfig,
        input: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Output, LabError> {
        self.command(None, user, arguments).stdin(input).output()
    }

    /// Returns the command that runs kubectl as `user` in the network of `node`, or of this machine.
    pub(super) fn command<S: AsRef<OsStr>>(
        &self,
        node: Option<&Node>,
        user: &Kubeconfig,
        arguments: impl IntoIterator<Item = S>,
    ) -> Exec {
        let enter =
            node.map(|node| ["nsenter".to_owned(), format!("--target={}", node.pid()), "--net".to_owned()]);
        let mut argv: Vec<_> = enter.into_iter().flatten().map(Into::into).collect();
        argv.push(self.programs().kubectl.clone().into_os_string());
        argv.extend(["--kubeconfig".into(), user.path().into(), ANSWER_WITHIN.into()]);
        argv.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        // Where it keeps what it knows of the server: another one may have had the same port.
        Exec::new(argv).variable("HOME", self.home())
    }
}
