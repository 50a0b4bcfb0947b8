//! How Tandem behaves on this machine, for this user: one small file, `settings.toml`, that the
//! panel writes and a person may edit. What belongs to a tenant is in the store instead.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What can be chosen. Whatever the file leaves out has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachineSettings {
    /// The window's.
    pub window: WindowSettings,
    /// How decisions are written.
    pub decisions: DecisionSettings,
}

/// How the window behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WindowSettings {
    /// Closing it leaves schedules running, with an icon in the tray.
    pub keep_running: bool,
    /// It is drawn without the graphics device's buffers; read before the window starts.
    pub compatible_rendering: bool,
}

/// How decisions are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionSettings {
    /// Seconds in which one can be taken back before it is written; absent: the app's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_seconds: Option<u32>,
}

/// Why settings could not be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct SettingsProblem {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// The file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFile {
    path: PathBuf,
}

impl SettingsFile {
    /// That file; it need not be there.
    #[must_use]
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says; the defaults where there is no file.
    ///
    /// # Errors
    /// Where it cannot be read, or says what is no setting.
    pub fn read(&self) -> Result<MachineSettings, SettingsProblem> {
        match fs::read_to_string(&self.path) {
            Ok(text) => toml::from_str(&text).map_err(|error| self.problem(&error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(MachineSettings::default()),
            Err(error) => Err(self.problem(&error)),
        }
    }

    /// Changes what it says, as one step among the processes of this machine; what it says now.
    ///
    /// # Errors
    /// Where it cannot be read or written; then it stays as it was.
    pub fn change(
        &self,
        change: impl FnOnce(&mut MachineSettings),
    ) -> Result<MachineSettings, SettingsProblem> {
        let kept = |error: io::Error| self.problem(&error);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(kept)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path.with_extension("lock"))
            .map_err(kept)?;
        lock.lock().map_err(kept)?;
        let mut settings = self.read()?;
        change(&mut settings);
        let text = toml::to_string(&settings).map_err(|error| self.problem(&error))?;
        let mut new = tempfile::NamedTempFile::new_in(folder).map_err(kept)?;
        new.write_all(text.as_bytes())
            .and_then(|()| new.as_file().sync_all())
            .map_err(kept)?;
        new.persist(&self.path).map_err(|error| kept(error.error))?;
        Ok(settings)
    }

    fn problem(&self, why: &dyn std::fmt::Display) -> SettingsProblem {
        SettingsProblem {
            path: self.path.clone(),
            why: why.to_string().trim_end().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir) -> SettingsFile {
        SettingsFile::at(folder.path().join("deep/settings.toml"))
    }

    #[test]
    fn what_was_changed_is_read_again_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        assert_eq!(file.read().unwrap(), MachineSettings::default());
        file.change(|it| it.window.keep_running = true).unwrap();
        let now = file
            .change(|it| it.decisions.undo_seconds = Some(20))
            .unwrap();
        assert!(now.window.keep_running && !now.window.compatible_rendering);
        assert_eq!(file.read().unwrap(), now);
    }

    #[test]
    fn a_file_that_says_what_is_no_setting_is_refused_and_left_alone() {
        let table = [
            ("[window]\nkeep_runing = true\n", "keep_runing"),
            ("[window]\nkeep_running = \"yes\"\n", "boolean"),
            ("[window\n", "1"),
        ];
        for (text, why) in table {
            let folder = tempfile::tempdir().unwrap();
            let file = file(&folder);
            fs::create_dir_all(file.path().parent().unwrap()).unwrap();
            fs::write(file.path(), text).unwrap();
            let problem = file.read().unwrap_err().to_string();
            assert!(problem.contains(why), "{problem}");
            assert!(problem.contains("settings.toml"), "{problem}");
            assert!(file.change(|_| ()).is_err(), "{text}");
            assert_eq!(fs::read_to_string(file.path()).unwrap(), text);
        }
    }
}
