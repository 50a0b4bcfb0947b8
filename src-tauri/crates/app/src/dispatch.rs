//! Commands by name with JSON in and out, for faces that are reached over a wire.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::nearest;
use crate::wire::WireError;
use crate::{App, for_each_command};

macro_rules! dispatch_table {
    ($($name:ident: $args:ty => $reply:ty,)*) => {
        /// Every command's name.
        pub const COMMANDS: &[&str] = &[$(stringify!($name)),*];

        /// Carries out one command.
        ///
        /// # Errors
        /// The command's own error; `unknown_command` and `invalid_arguments` where it could not
        /// even begin.
        pub async fn dispatch(
            app: &App,
            command: &str,
            arguments: serde_json::Value,
        ) -> Result<serde_json::Value, WireError> {
            match command {
                $(stringify!($name) => {
                    let arguments: $args = parse(command, arguments)?;
                    let reply: $reply = app.$name(arguments).await?;
                    answer(&reply)
                })*
                _ => Err(unknown(command)),
            }
        }
    };
}
for_each_command!(dispatch_table);

fn parse<T: DeserializeOwned>(command: &str, arguments: serde_json::Value) -> Result<T, WireError> {
    T::deserialize(arguments).map_err(|error| {
        WireError::new(
            "invalid_arguments",
            format!("The arguments of {command} do not fit."),
            error.to_string(),
            "Send the members that this command takes, each of its type.",
        )
    })
}

fn answer(reply: &impl Serialize) -> Result<serde_json::Value, WireError> {
    serde_json::to_value(reply).map_err(|error| {
        WireError::new(
            "internal",
            "The answer could not be written as JSON.",
            error.to_string(),
            "This is a bug of Tandem's; report it with this message.",
        )
    })
}

fn unknown(command: &str) -> WireError {
    WireError::new(
        "unknown_command",
        format!("There is no command {command:?}."),
        "This Tandem knows other commands only.",
        nearest(command, COMMANDS.iter().copied()).map_or_else(
            || format!("Use one of: {}.", COMMANDS.join(", ")),
            |near| format!("Did you mean {near:?}?"),
        ),
    )
}
