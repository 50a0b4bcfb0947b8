//! Installs what is missing: Debian packages, node packages, a Python environment, cargo tools.
//! Everything but the Debian packages goes into the repository's own folders.

pub(crate) mod apt;
pub(crate) mod cargo_tools;
pub(crate) mod node;
pub(crate) mod python;
