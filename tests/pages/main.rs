//! The pages, over a real port, by a browser that runs no scripts.

mod browser;
mod doors;
mod frame;
mod never;
mod office;
