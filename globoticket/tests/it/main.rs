//! The binary as its users meet it: run as a process of its own, judged by what it prints and how it ends.

mod command_line;
mod configuration;
mod shop;
mod world;
