"""Manifests and lock files of Rust, PHP, Ruby, Go and the JVM: one module for each tool."""
