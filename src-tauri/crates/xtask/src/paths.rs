//! Where things are: the repository, the target folder and what is kept in it.

use std::env;
use std::path::{Path, PathBuf};

/// The folders chores work in.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// The repository's top.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

impl Paths {
    /// From where this crate was compiled, and `CARGO_TARGET_DIR`.
    pub(crate) fn find() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        // src-tauri/crates/xtask is three below the top.
        let root = here.ancestors().nth(3).unwrap_or(here).to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |dir| root.join(dir));
        Self { root, target }
    }

    /// The user interface.
    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// Real systems: their programs, data, configuration and logs.
    pub(crate) fn systems(&self) -> PathBuf {
        self.target.join("systems")
    }

    /// Cargo and node tools installed for chores alone.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// A debug executable of ours, whether built yet or not.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target
            .join("debug")
            .join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}

/// The first folder of `PATH`, or of `also`, that holds `program`; its full path.
pub(crate) fn on_path(program: &str, also: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(also.iter().map(PathBuf::from))
        .map(|folder| folder.join(format!("{program}{}", env::consts::EXE_SUFFIX)))
        .find(|file| file.is_file())
}
