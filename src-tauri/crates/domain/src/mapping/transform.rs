//! One transform step, both ways.
