//! The file of `--hold`: while there is text in it, no session is reset.

use std::{path::PathBuf, time::Duration};

use tokio::{io::AsyncReadExt as _, time::timeout};

/// As much as people write, and as a status shows.
const TEXT_BYTES_MAX: u64 = 256;

/// A file of a mount that hangs says nothing.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// A file that people, or the annotation of a pod through a `downwardAPI` volume, write to.
#[derive(Clone, Debug)]
pub(crate) struct Hold(PathBuf);

// === impl Hold ===

impl Hold {
    /// Returns the file at `path`; it need not be there.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Why no session is reset; `None` = sessions may be reset. What cannot be read holds: nobody knows what it says.
    pub(crate) async fn read(&self) -> Option<String> {
        let read = async {
            let mut text = Vec::new();
            let file = tokio::fs::File::open(&self.0).await?;
            file.take(TEXT_BYTES_MAX).read_to_end(&mut text).await?;
            Ok::<_, std::io::Error>(text)
        };
        match timeout(READ_WITHIN, read).await {
            Ok(Ok(text)) => {
                let text = String::from_utf8_lossy(&text);
                let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
                Some(line).filter(|line| !line.is_empty())
            }
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => None,
            Ok(Err(error)) => Some(format!("{} cannot be read: {error}", self.0.display())),
            Err(_elapsed) => Some(format!("{} cannot be read in time", self.0.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn text_holds_and_nothing_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hold");
        let hold = Hold::new(path.clone());
        assert_eq!(hold.read().await, None);
        for (text, want) in [("", None), (" \n", None), ("fabric A\nuntil 6\n", Some("fabric A until 6"))] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(hold.read().await.as_deref(), want);
        }
        assert!(Hold::new(dir.path().to_owned()).read().await.unwrap().contains("cannot be read"));
    }
}
