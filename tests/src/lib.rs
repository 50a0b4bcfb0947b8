//! Whole runs through the app.
