//! What any transport of the framework must prove.
