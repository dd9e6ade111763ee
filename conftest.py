"""Conversation tests are collected by the product's own plugin (docs/testing.md)."""

pytest_plugins = ["hotline.testing.plugin"]
