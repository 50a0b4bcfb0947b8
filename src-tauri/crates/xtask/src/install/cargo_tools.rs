//! Cargo subcommands that the checks and the fuzzer use, at versions named here, built once into the target
//! folder. They are built without optimisation: compiling them is what costs, not running them.

use std::fs;
use std::path::PathBuf;

use crate::command::Cmd;
use crate::paths::Paths;
use crate::trouble::Trouble;

/// A tool to install.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Licences, banned crates, sources.
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Dependencies nobody uses.
pub(crate) const MACHETE: Tool = Tool {
    name: "cargo-machete",
    version: "0.9.2",
};

/// Changes the code in small ways, to see whether a test minds.
pub(crate) const MUTANTS: Tool = Tool {
    name: "cargo-mutants",
    version: "27.1.0",
};

/// Builds fuzz targets as libFuzzer wants them.
pub(crate) const FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
};

/// Makes sure that `tool` is there; its executable.
pub(crate) fn ensure(paths: &Paths, tool: &Tool) -> Result<PathBuf, Trouble> {
    let root = paths.tools();
    let program = root.join("bin").join(tool.name);
    let marker = root.join(format!("{}.version", tool.name));
    let installed = fs::read_to_string(&marker).is_ok_and(|text| text == tool.version);
    if installed && program.is_file() {
        return Ok(program);
    }
    Cmd::cargo()
        .words("install --locked --debug --no-default-features --force --root")
        .arg(&root)
        .arg(format!("{}@{}", tool.name, tool.version))
        .env("CARGO_TARGET_DIR", root.join("build"))
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .run()?;
    fs::write(&marker, tool.version).map_err(Trouble::file(&marker))?;
    // Half a gigabyte that nothing needs again.
    let build = root.join("build");
    fs::remove_dir_all(&build).map_err(Trouble::file(&build))?;
    Ok(program)
}
