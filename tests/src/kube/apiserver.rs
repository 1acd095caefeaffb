//! The running server.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::sync::watch;

use super::{
    Kubeconfig, Reach,
    audit::{LOG, POLICY},
    authority::{self, Authority},
    kubeconfig::Proof,
    programs::Programs,
    reach,
};
use crate::lab::{FrrVersion, Lab, LabError, Node, NodeSpec, Spawned, Topology, wait};

/// The name of the server's machine.
const MACHINE: &str = "kube";

/// Where etcd keeps all objects.
const DATA: &str = "/srv/kube/etcd";

/// Where kubectl keeps what it knows of the server.
const HOME: &str = "/srv/kube/home";

const AUDIT_POLICY: &str = "/srv/kube/audit-policy.yaml";

/// etcd's port; nobody else is on the machine.
const ETCD: &str = "http://127.0.0.1:2379";

/// 5 s on an idle machine, 13 s on a loaded one; and a slow CI.
const READY_WITHIN: Duration = Duration::from_mins(2);

/// The end of the log that an error shows.
const TAIL_LINES: usize = 20;

/// A Kubernetes API server with RBAC, node authorization and `NodeRestriction`; it goes when this value goes.
#[derive(Debug)]
pub struct ApiServer {
    /// First of all fields: it is in the network of `lab`.
    host: Reach,
    /// Whether the server does; all ways to it follow.
    listens: watch::Sender<bool>,
    processes: Option<Processes>,
    lab: Lab,
    programs: Programs,
    authority: Authority,
    /// Kept for every kubeconfig.
    certificate: String,
    admin: Kubeconfig,
    marks: AtomicUsize,
}

#[derive(Debug)]
struct Processes {
    apiserver: Spawned,
    etcd: Spawned,
    /// The log of the API server, on its machine.
    log: String,
    is_hung: bool,
}

impl ApiServer {
    /// Starts an empty server, and waits until it is ready (5 to 13 s); its programs are built if missing.
    pub fn start() -> Result<Self, LabError> {
        let programs = Programs::ensure()?;
        let machine = NodeSpec::frr(MACHINE, FrrVersion::NEWEST).daemons(&[]);
        let lab = Lab::start(&Topology::new().node(machine))?;
        let machine = lab.node(MACHINE);
        machine.install(&programs.apiserver, "/usr/local/bin/kube-apiserver")?;
        machine.install(&programs.etcd, "/usr/local/bin/etcd")?;
        machine.write_file(AUDIT_POLICY, POLICY)?;
        machine.run(["mkdir", "-p", HOME])?;
        let (listens, seen) = watch::channel(false);
        let host = Reach::open(None, machine, 0, seen)?;
        reach::reserve(machine, host.port())?;
        let authority = Authority::found(machine)?;
        let certificate = authority.certificate()?;
        let proof = Proof::Certificate(authority.client("admin", &["system:masters"])?);
        let admin = Kubeconfig::write(machine, &url(host.port()), &certificate, "admin", &proof)?;
        let marks = AtomicUsize::new(0);
        let mut this =
            Self { host, listens, processes: None, lab, programs, authority, certificate, admin, marks };
        this.start_again()?;
        Ok(this)
    }

    /// Returns where the server is: on this machine, and wherever [`Self::reachable_from`] makes it so.
    pub fn url(&self) -> String {
        url(self.port())
    }

    /// Returns the port on 127.0.0.1; it never changes.
    pub fn port(&self) -> u16 {
        self.host.port()
    }

    /// Returns the certificate of the authority that the server's own is from (PEM).
    pub fn authority(&self) -> &str {
        &self.certificate
    }

    /// Returns the kubeconfig of the administrator, who may do everything.
    pub fn admin(&self) -> &Kubeconfig {
        &self.admin
    }

    /// Makes a user with a client certificate, without any rights but what `groups` give.
    ///
    /// A kubelet is `system:node:<name>` in `system:nodes`.
    pub fn user(&self, name: &str, groups: &[&str]) -> Result<Kubeconfig, LabError> {
        self.kubeconfig(name, &Proof::Certificate(self.authority.client(name, groups)?))
    }

    /// Makes the server reachable in the network of `node`, on the same 127.0.0.1:port, until the value that is
    /// returned goes.
    pub fn reachable_from(&self, node: &Node) -> Result<Reach, LabError> {
        Reach::open(Some(node), self.machine(), self.port(), self.listens.subscribe())
    }

    /// Stops the server at once, as if its machine lost power; its data stay.
    pub fn stop(&mut self) {
        self.listens.send_replace(false);
        self.processes = None;
    }

    /// Starts the stopped server with its data, and waits until it is ready.
    pub fn start_again(&mut self) -> Result<(), LabError> {
        if self.processes.is_none() {
            self.processes = Some(self.spawn()?);
        }
        self.until_ready()
    }

    /// Stops the server, starts it again, and waits until it is ready.
    pub fn restart(&mut self) -> Result<(), LabError> {
        self.stop();
        self.start_again()
    }

    /// Stops the server, throws all objects away, and starts it again, empty; certificates stay valid.
    pub fn lose_data(&mut self) -> Result<(), LabError> {
        self.stop();
        self.machine().run(["rm", "-rf", DATA, HOME])?;
        self.machine().run(["mkdir", "-p", HOME])?;
        self.start_again()
    }

    /// Makes the server hang (SIGSTOP): connections are taken, and nothing is answered.
    pub fn hang(&mut self) -> Result<(), LabError> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets a hung server go on.
    pub fn go_on(&mut self) -> Result<(), LabError> {
        self.signal(Signal::SIGCONT)
    }

    /// Returns what the server has printed since it was started the last time.
    pub fn log(&self) -> Result<String, LabError> {
        self.processes
            .as_ref()
            .map_or_else(|| Ok(String::new()), |running| self.machine().read_file(&running.log))
    }

    /// Returns the machine that the server runs on.
    pub fn machine(&self) -> &Node {
        self.lab.node(MACHINE)
    }

    /// Returns the process ids of kube-apiserver and of etcd on this machine, while they run.
    pub fn pids(&self) -> Option<(u32, u32)> {
        let running = self.processes.as_ref()?;
        Some((running.apiserver.pid()?, running.etcd.pid()?))
    }

    pub(super) fn kubeconfig(&self, user: &str, proof: &Proof) -> Result<Kubeconfig, LabError> {
        Kubeconfig::write(self.machine(), &self.url(), &self.certificate, user, proof)
    }

    pub(super) fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Returns the folder that is kubectl's home, on this machine.
    pub(super) fn home(&self) -> PathBuf {
        self.machine().path_from_outside(HOME)
    }

    /// Tells whether the server runs, and does not hang.
    pub(super) fn answers(&self) -> bool {
        self.processes.as_ref().is_some_and(|running| !running.is_hung)
    }

    pub(super) fn audit_log(&self) -> Result<String, LabError> {
        self.machine().read_file(LOG)
    }

    pub(super) fn next_mark(&self) -> usize {
        self.marks.fetch_add(1, Ordering::Relaxed)
    }

    fn signal(&mut self, signal: Signal) -> Result<(), LabError> {
        let Some(running) = &mut self.processes else {
            return Err(LabError::Topology("the API server is stopped".to_owned()));
        };
        running.apiserver.signal(signal)?;
        running.is_hung = signal == Signal::SIGSTOP;
        Ok(())
    }

    fn spawn(&self) -> Result<Processes, LabError> {
        let etcd = ["etcd", "--data-dir", DATA, "--log-level", "warn"];
        let (etcd, _) = self.machine().spawn(etcd)?;
        let (apiserver, log) = self.machine().spawn(arguments(self.port()))?;
        Ok(Processes { apiserver, etcd, log, is_hung: false })
    }

    /// Waits until the server is ready, and has made its namespaces.
    fn until_ready(&mut self) -> Result<(), LabError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port()));
        let machine = self.machine().clone();
        // A process less for each look, as long as nobody listens.
        let listens = || machine.in_network(|| TcpStream::connect(address).is_ok()).is_ok_and(|is_so| is_so);
        let asks = [["get", "--raw", "/readyz"], ["get", "--raw", "/api/v1/namespaces/default"]];
        let ended = wait::until("the API server to be ready", READY_WITHIN, || {
            if self.has_ended() {
                return Ok(true);
            }
            if !listens() {
                return Err("nobody listens".to_owned());
            }
            self.listens.send_replace(true);
            asks.iter().try_for_each(|ask| self.kubectl(ask).map(drop)).map_err(|error| error.chain())?;
            Ok(false)
        });
        match ended {
            Ok(false) => Ok(()),
            Ok(true) => Err(self.did_not_start("it ended")),
            Err(error) => Err(self.did_not_start(&error.chain())),
        }
    }

    fn has_ended(&mut self) -> bool {
        let Some(running) = &mut self.processes else { return true };
        !running.apiserver.is_running() || !running.etcd.is_running()
    }

    fn did_not_start(&self, cause: &str) -> LabError {
        let log = self.log().unwrap_or_else(|error| error.chain());
        let lines: Vec<_> = log.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default();
        LabError::Start { node: MACHINE.to_owned(), cause: format!("{cause}\n{}", tail.join("\n")) }
    }
}

fn url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

/// The command line of kube-apiserver 1.20.
fn arguments(port: u16) -> Vec<String> {
    let pki = authority::FOLDER;
    let (etcd, issuer) = (ETCD, "https://kubernetes.default.svc");
    // No controllers and no cloud: what waits for them would wait for ever.
    let without =
        "ServiceAccount,DefaultStorageClass,StorageObjectInUseProtection,PersistentVolumeClaimResize";
    vec![
        "kube-apiserver".to_owned(),
        format!("--etcd-servers={etcd}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        "--advertise-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        format!("--tls-cert-file={pki}/server.crt"),
        format!("--tls-private-key-file={pki}/server.key"),
        format!("--client-ca-file={pki}/ca.crt"),
        "--authorization-mode=Node,RBAC".to_owned(),
        format!("--service-account-issuer={issuer}"),
        format!("--api-audiences={issuer}"),
        format!("--service-account-key-file={pki}/server.crt"),
        format!("--service-account-signing-key-file={pki}/server.key"),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        format!("--disable-admission-plugins={without}"),
        format!("--audit-policy-file={AUDIT_POLICY}"),
        format!("--audit-log-path={LOG}"),
        // MiB; by default it begins a new one after 100, and what was asked before would be missing.
        "--audit-log-maxsize=8192".to_owned(),
        "--allow-privileged".to_owned(),
        "--profiling=false".to_owned(),
    ]
}
