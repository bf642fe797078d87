//! Builds a running shop from handed-in parts and joins the services' audits into the invariants.
