"""Conversation tests are collected by the product's own plugin (docs/testing.md), which is itself tested with
pytester.
"""

pytest_plugins = ["hotline.testing.plugin", "pytester"]
