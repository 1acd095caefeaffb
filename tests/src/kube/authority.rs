//! The certificates: an authority that server and clients trust, and what it signs.

use std::path::PathBuf;

use crate::lab::{LabError, Node, exec::Exec};

/// Where all of it is on the server's machine.
pub(super) const FOLDER: &str = "/srv/kube/pki";

/// What certificates are for; of version 3, with the marks that strict clients (rustls) ask for.
const OPENSSL: &str = "\
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
";

/// Signs certificates; its files are on the server's machine, and go with it.
#[derive(Debug)]
pub(super) struct Authority {
    machine: Node,
}

/// A certificate with its key, both PEM.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    /// Makes the authority, and the server's certificate and key (`server.crt`, `server.key`).
    pub(super) fn found(machine: &Node) -> Result<Self, LabError> {
        machine.write_file(&format!("{FOLDER}/openssl.cnf"), OPENSSL)?;
        let this = Self { machine: machine.clone() };
        this.openssl("authority", "ca", "/CN=kubernetes", &[])?;
        this.sign("server", "server", "/CN=kube-apiserver")?;
        Ok(this)
    }

    /// Returns the authority's own certificate.
    pub(super) fn certificate(&self) -> Result<String, LabError> {
        self.machine.read_file(&format!("{FOLDER}/ca.crt"))
    }

    /// Makes a client's certificate for the user `name` in `groups`.
    pub(super) fn client(&self, name: &str, groups: &[&str]) -> Result<Certificate, LabError> {
        let escaped = |text: &str| text.replace('/', "\\/");
        let groups = groups.iter().map(|group| format!("/O={}", escaped(group)));
        let subject: Vec<_> = groups.chain([format!("/CN={}", escaped(name))]).collect();
        self.sign("client", "client", &subject.concat())?;
        let read = |file: &str| self.machine.read_file(&format!("{FOLDER}/{file}"));
        Ok(Certificate { certificate: read("client.crt")?, key: read("client.key")? })
    }

    /// Makes `file.crt` and `file.key`, signed by the authority.
    fn sign(&self, purpose: &str, file: &str, subject: &str) -> Result<(), LabError> {
        let (certificate, key) = (self.path("ca.crt"), self.path("ca.key"));
        self.openssl(purpose, file, subject, &["-CA".into(), certificate, "-CAkey".into(), key])
    }

    fn openssl(&self, purpose: &str, file: &str, subject: &str, signer: &[PathBuf]) -> Result<(), LabError> {
        let words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
        let mut argv: Vec<PathBuf> = words.map(PathBuf::from).to_vec();
        argv.extend(
            ["-nodes", "-sha256", "-days", "3650", "-extensions", purpose, "-subj"].map(PathBuf::from),
        );
        argv.push(subject.into());
        argv.extend(["-config".into(), self.path("openssl.cnf")]);
        argv.extend(["-out".into(), self.path(&format!("{file}.crt"))]);
        argv.extend(["-keyout".into(), self.path(&format!("{file}.key"))]);
        argv.extend_from_slice(signer);
        Exec::new(argv).run().map(drop)
    }

    /// Returns the path of `file` on this machine.
    fn path(&self, file: &str) -> PathBuf {
        self.machine.path_from_outside(&format!("{FOLDER}/{file}"))
    }
}
