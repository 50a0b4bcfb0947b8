//! The use-cases: what window, browser and terminal all call. Composes store, connectors and engine;
//! every face is an adapter of a few lines over the same functions, with the same wire types and
//! error codes.

pub mod wire;
