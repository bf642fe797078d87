//! What any transport of the framework must prove.

#![warn(missing_docs)]
