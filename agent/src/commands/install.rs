//! `routelet install`: copies the program, for an init container that hands it to FRR's image.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;

/// The file's name in a directory.
const NAME: &str = "routelet";

/// What may be done with it: everybody runs it, nobody else writes it.
const MODE: u32 = 0o755;

/// The flags of `routelet install`.
#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    /// Where to: a directory, or the name of the file
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

// === impl InstallArgs ===

impl InstallArgs {
    /// Copies the program that runs.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let program = fs::File::open("/proc/self/exe").context("cannot read this program")?;
        install(program, &self.path)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Copies `program` to `path` as a whole: who runs what is there goes on with what was there before.
fn install(mut program: impl io::Read, path: &Path) -> anyhow::Result<()> {
    let target = if path.is_dir() { path.join(NAME) } else { path.to_owned() };
    let name = target.file_name().context("PATH names no file")?.to_string_lossy().into_owned();
    let temporary = target.with_file_name(format!(".{name}.new"));
    let mut text = Vec::new();
    program.read_to_end(&mut text).context("cannot read this program")?;
    let write = || -> io::Result<()> {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(&text)?;
        file.set_permissions(fs::Permissions::from_mode(MODE))?;
        file.sync_all()?;
        fs::rename(&temporary, &target)
    };
    write().with_context(|| format!("cannot write {}", target.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_directory_gets_the_program_under_its_name() {
        let directory = tempfile::tempdir().unwrap();
        for text in ["one", "two, which is longer", "3"] {
            install(text.as_bytes(), directory.path()).unwrap();
            let file = directory.path().join(NAME);
            assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), (text, MODE));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left there");
    }

    #[test]
    fn a_file_gets_the_name_that_was_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("agent");
        install(&b"one"[..], &file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "one");
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("missing/agent");
        let error = install(&b"one"[..], &file).unwrap_err();
        assert!(format!("{error:#}").contains("missing/agent"), "{error:#}");
    }
}
