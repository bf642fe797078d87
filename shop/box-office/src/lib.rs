//! The box-office service.
