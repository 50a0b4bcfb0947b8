//! Tandem's window: composes the app, the panel and the desktop around it, and runs them.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod commands;
mod compose;
mod desktop;
mod desktop_alerts;
mod leaving;
mod main_window;
mod notice;
mod rendering;
mod sample;
mod tray;

use std::process::ExitCode;

use clap::Parser;
use tandem_app::default_settings;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    // What is not worth a word in the panel (a desktop without notifications) is told here.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::WARN)
        .init();
    let arguments = Arguments::parse();
    let settings = default_settings().map(|file| file.read());
    let chosen = settings.and_then(Result::ok).unwrap_or_default();
    rendering::begin_again_if(chosen.window.compatible_rendering);
    match compose::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}
