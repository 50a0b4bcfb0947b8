//! The use-cases as Tauri commands: one adapter for each row of the command table, with the same
//! names, arguments and errors as every other face. Each takes one argument, `args`.

use serde_json::Value;
use tandem_app::wire::WireError;
use tandem_app::{App, dispatch};
use tauri::ipc::Invoke;
use tauri::{Runtime, State};

macro_rules! adapters {
    ($($name:ident: $args:ty => $reply:ty,)*) => {
        $(
            #[tauri::command]
            async fn $name(app: State<'_, App>, args: Value) -> Result<Value, WireError> {
                dispatch(&app, stringify!($name), args).await
            }
        )*

        /// Answers the listed commands, and no other.
        pub(crate) fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($name),*]
        }

        #[cfg(test)]
        const TABLE: &[&str] = &[$(stringify!($name)),*];
    };
}
tandem_app::for_each_command!(adapters);

#[cfg(test)]
mod tests;
