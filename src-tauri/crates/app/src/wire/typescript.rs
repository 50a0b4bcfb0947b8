//! Writes the wire types and the command table as TypeScript.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ts_rs::{Config, TS, TypeVisitor};

use super::{LeaveQuestion, WireError, WireEvent};

/// The generated files, name and text, for `ui/src/ipc/generated/`.
#[must_use]
pub fn typescript() -> Vec<(&'static str, String)> {
    let config = Config::new().with_large_int("number");
    let mut types = Types {
        config: &config,
        found: BTreeMap::new(),
    };
    let mut commands = String::new();

    macro_rules! collect {
        ($($name:ident: $args:ty => $reply:ty,)*) => {$(
            types.add::<$args>();
            types.add::<$reply>();
            // Writing to a String cannot fail.
            let _ = writeln!(
                commands,
                "  {}: {{ args: {}; reply: {} }};",
                stringify!($name),
                <$args as TS>::name(&config),
                <$reply as TS>::name(&config),
            );
        )*};
    }
    crate::for_each_command!(collect);
    types.add::<WireEvent>();
    types.add::<WireError>();
    types.add::<LeaveQuestion>();

    let names: Vec<&str> = types.found.keys().map(String::as_str).collect();
    let commands = format!(
        "{HEADER}import type {{\n  {},\n}} from \"./types\";\n\n\
         /** Every command: what it takes, what it gives. */\n\
         export interface Commands {{\n{commands}}}\n",
        names
            .iter()
            .copied()
            .filter(|name| mentions(&commands, name))
            .collect::<Vec<_>>()
            .join(",\n  "),
    );
    let mut text = format!("{HEADER}{JSON}");
    for declaration in types.found.values() {
        text.push('\n');
        text.push_str(declaration);
    }
    vec![("commands.ts", commands), ("types.ts", text)]
}

const HEADER: &str = "// Generated from Rust (src-tauri/crates/app/src/wire). Do not edit: change the types there and run\n\
     // `TANDEM_BLESS=1 cargo test -p tandem-app bindings_are_current`.\n\n";

const JSON: &str = "/** A field's value; numbers are strings, so that no digit is lost. */\n\
     export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };\n";

fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == name)
}

/// Gathers declarations of types and of all they mention.
struct Types<'a> {
    config: &'a Config,
    found: BTreeMap<String, String>,
}

impl Types<'_> {
    fn add<T: TS + 'static + ?Sized>(&mut self) {
        // Only types with a file of their own are declared; the others (`Vec`, `string`) are
        // spelt out where they are used, but may mention some that are.
        if T::output_path().is_some() {
            let name = T::ident(self.config);
            if self.found.contains_key(&name) {
                T::visit_generics(self);
                return;
            }
            let docs = T::docs().unwrap_or_default();
            self.found
                .insert(name, format!("{docs}export {}\n", T::decl(self.config)));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

impl TypeVisitor for Types<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        self.add::<T>();
    }
}
