//! The pages, over a real port, by a browser that runs no scripts.

mod browser;
mod frame;
mod never;
mod randomise;
mod screening;
mod walk;
