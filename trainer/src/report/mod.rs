//! What people and scripts read: files written whole or not at all, tables, and learning curves.
pub mod atomic;
pub mod curves;
pub mod history;
pub mod table;
